// Which clients are kept and when the others are closed.
import Testing

@testable import BursarProviders

@Suite struct ClientShelfTests {
    final class Client {
        let name: String
        init(_ name: String) { self.name = name }
    }

    func key(_ host: String, _ address: UInt32 = 1) -> ClientKey {
        ClientKey(host: host, address: IPAddressValue(v4: address))
    }

    @Test func oneClientForOneNameAndAddress() {
        var shelf = ClientShelf<Client>(limit: 4)
        let first = shelf.borrow(key("a")) { Client("1") }.client
        let again = shelf.borrow(key("a")) { Client("2") }.client
        let other = shelf.borrow(key("a", 2)) { Client("3") }.client
        #expect(first === again)
        #expect(first !== other)
        #expect(shelf.giveBack(first) == nil)
        #expect(shelf.count == 2)
    }

    @Test func clientOfALostAddressEndsWithItsLastRequest() {
        var shelf = ClientShelf<Client>(limit: 4)
        let busy = shelf.borrow(key("a", 1)) { Client("busy") }.client
        let idle = shelf.borrow(key("a", 2)) { Client("idle") }.client
        let kept = shelf.borrow(key("a", 3)) { Client("kept") }.client
        let other = shelf.borrow(key("b", 1)) { Client("other") }.client
        for client in [idle, kept, other] { #expect(shelf.giveBack(client) == nil) }
        let closed = shelf.keep([IPAddressValue(v4: 3)], of: "a")
        #expect(closed.map(\.name) == ["idle"])
        // The address is back: a new client, since the old one is on its way out.
        let fresh = shelf.borrow(key("a", 1)) { Client("fresh") }.client
        #expect(fresh.name == "fresh")
        #expect(shelf.giveBack(busy)?.name == "busy")
        #expect(shelf.giveBack(fresh) == nil)
        #expect(shelf.count == 3)
    }

    @Test func leastRecentlyUsedGoesAndIdleBeforeBusy() {
        var shelf = ClientShelf<Client>(limit: 3)
        let busy = shelf.borrow(key("busy")) { Client("busy") }.client
        for name in ["x", "y"] {
            let client = shelf.borrow(key(name)) { Client(name) }.client
            #expect(shelf.giveBack(client) == nil)
        }
        #expect(shelf.borrow(key("z")) { Client("z") }.toClose.map(\.name) == ["x"])
        #expect(shelf.borrow(key("w")) { Client("w") }.toClose.map(\.name) == ["y"])
        // All are busy now: the oldest is retired, and closed when its request ends.
        #expect(shelf.borrow(key("v")) { Client("v") }.toClose.isEmpty)
        #expect(shelf.giveBack(busy)?.name == "busy")
        #expect(shelf.removeAll().count == 3)
        #expect(shelf.giveBack(busy) == nil)
    }

    @Test func firstResultCounts() async {
        let early = FirstResult<Int>()
        early.complete(1)
        early.complete(2)
        #expect(await early.value() == 1)
        let late = FirstResult<Int>()
        async let value = late.value()
        late.complete(3)
        late.complete(4)
        #expect(await value == 3)
    }
}
