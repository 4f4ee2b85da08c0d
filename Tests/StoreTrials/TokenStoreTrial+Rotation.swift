// The steps of TokenStoreBehaviour that are about a credential and its successor.
internal import BursarCore
internal import Testing

extension TokenStoreTrial {
    func isLeasedAndStored(after change: () async throws -> Void) async throws {
        try await change()
        try await publish(token(generation: 3))
        #expect(try await current().generation == Generation(3))
    }

    /// A successor's slot is another one of the same owner.
    func leaseTellsTheLatestGenerationOfItsOwner() async throws {
        #expect(try await take().floor == .none)
        let sibling = SlotKey(fields: slot.fields, digest: Array(repeating: 8, count: 32))
        let other = TokenStoreTrial(world: world, slot: sibling)
        try await other.publish(token(generation: 9))
        let stranger = TokenStoreTrial(world: world, slot: try await world.makeSlot())
        #expect(try await stranger.take().floor == .none)
        #expect(try await other.take(newerThan: Generation(9)).floor == Generation(9))
        let third = SlotKey(fields: slot.fields, digest: Array(repeating: 9, count: 32))
        #expect(try await TokenStoreTrial(world: world, slot: third).take().floor == Generation(9))
    }
}
