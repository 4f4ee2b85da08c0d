// Who looks a name up, and how long the answer is believed.
import Testing

@testable import BursarProviders

@Suite struct AddressBookTests {
    let start = ContinuousClock.now
    let first = IPAddressValue(v4: 0x0102_0304)
    let second = IPAddressValue(v4: 0x0102_0305)

    func describe(_ action: AddressBook<Int>.Action) -> String {
        switch action {
        case .use(let addresses): "use \(addresses.map(\.description).joined(separator: " "))"
        case .lookUp: "look up"
        case .wait: "wait"
        }
    }

    @Test func oneLooksUpAndTheOthersWait() {
        var book = AddressBook<Int>()
        #expect(describe(book.ask("a", waiter: 1, at: start)) == "look up")
        #expect(describe(book.ask("a", waiter: 2, at: start)) == "wait")
        #expect(describe(book.ask("b", waiter: 3, at: start)) == "look up")
        #expect(book.ended("a", with: [first], at: start) == [1, 2])
        #expect(describe(book.ask("a", waiter: 4, at: start + .seconds(29))) == "use 1.2.3.4")
        #expect(describe(book.ask("a", waiter: 5, at: start + .seconds(30))) == "look up")
        #expect(book.ended("a", with: [second], at: start + .seconds(31)) == [5])
        #expect(describe(book.ask("a", waiter: 6, at: start + .seconds(32))) == "use 1.2.3.5")
    }

    @Test func failureIsNotRemembered() {
        var book = AddressBook<Int>()
        _ = book.ask("a", waiter: 1, at: start)
        #expect(book.ended("a", with: nil, at: start) == [1])
        #expect(describe(book.ask("a", waiter: 2, at: start)) == "look up")
    }

    @Test func unreachableAddressIsTriedLast() {
        var book = AddressBook<Int>()
        _ = book.ask("a", waiter: 1, at: start)
        _ = book.ended("a", with: [first, second], at: start)
        book.demote(first, of: "a")
        #expect(describe(book.ask("a", waiter: 2, at: start)) == "use 1.2.3.5 1.2.3.4")
        book.demote(IPAddressValue(v4: 9), of: "a")
        #expect(describe(book.ask("a", waiter: 2, at: start)) == "use 1.2.3.5 1.2.3.4")
    }

    @Test func manyHostsDoNotGrowWithoutEnd() {
        var book = AddressBook<Int>()
        for host in 0..<5_000 {
            let now = start + .seconds(host)
            _ = book.ask("h\(host)", waiter: host, at: now)
            #expect(book.ended("h\(host)", with: [first], at: now) == [host])
        }
        #expect(describe(book.ask("h4999", waiter: 1, at: start + .seconds(5_000))) == "use 1.2.3.4")
    }
}
