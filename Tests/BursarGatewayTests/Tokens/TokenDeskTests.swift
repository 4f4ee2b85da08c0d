// The calendar of renewals, and how many slots are warmed at once.
import BursarCore
import BursarTestSupport
import Testing

@testable import BursarGateway

@Suite struct TokenDeskTests {
    let fixture = GatewayFixture()

    @Test func aSlotStandsOnTheCalendarOnceHoweverOftenItIsRenewed() {
        let merchant = fixture.addMerchant()
        for _ in 0..<40 {
            fixture.ask(merchant.client.request)
            fixture.advance(by: .seconds(100))
        }
        #expect(fixture.provider.calls.count > 10)
        #expect(fixture.gateway.desk.entries == 1)
    }

    /// More than can be warmed in the time that one flight has.
    @Test func slotsThatNobodyUsesAreWarmedAFewAtATime() async throws {
        let (desk, cells) = try await addWarmSlots()
        let most = cells[0].context.mostWarming
        #expect(cells.count > 2 * most)
        desk.renewDue(now: fixture.clock.now()) { 0 }
        var flights = desk.flights.makeAsyncIterator()
        var orders: [FlightOrder] = []
        for _ in 0..<most { orders.append(try #require(await flights.next())) }
        // Each that ends makes room for one more, whether it brought a token or not.
        for number in 0..<cells.count - most {
            desk.end(orders[number], now: fixture.clock.now())
            orders.append(try #require(await flights.next()))
        }
        for order in orders.suffix(most) { desk.end(order, now: fixture.clock.now()) }
        desk.close()
        #expect(await flights.next() == nil)
        #expect(Set(orders.map { ObjectIdentifier($0.cell) }).count == cells.count)
    }

    @Test func aSlotThatIsAskedForWaitsForNoOther() async throws {
        let (desk, cells) = try await addWarmSlots()
        desk.renewDue(now: fixture.clock.now()) { 0 }
        let last = try #require(cells.last { if case .empty = $0.snapshot().state { true } else { false } })
        _ = desk.request(
            last, TokenDemand(), tenant: nil, now: fixture.clock.now(), trace: nil, answer: { { _ in } })
        desk.close()
        var orders: [FlightOrder] = []
        for await order in desk.flights { orders.append(order) }
        #expect(orders.count == last.context.mostWarming + 1)
        #expect(orders.contains { $0.cell === last && $0.isUrgent })
    }

    private func addWarmSlots() async throws -> (TokenDesk, [SlotCell]) {
        let merchants = (0..<200).map { _ in fixture.addMerchant() }
        var tables = DirectoryTables(places: ProviderPlace.samples)
        let all = try await fixture.directory.changes(since: nil)
        _ = tables.apply(all, share: .whole, now: fixture.clock.now())
        let desk = TokenDesk()
        let cells = try merchants.map { merchant in
            let entry = try #require(tables.tenants[merchant.tenant]).connections[0]
            return try #require(try entry.cell(scope: nil, desk: desk))
        }
        for cell in cells { desk.setKeepWarm(true, cell) }
        return (desk, cells)
    }
}
