// When rejected credentials are the provider's fault.
import BursarCore
import Testing

@Suite struct MassRejectionTests {
    private var rejections = MassRejection()
    private var now = Instant(seconds: 1_000)

    private mutating func note(_ numbers: ClosedRange<Int>, isRejected: Bool) -> MassRejection.Change? {
        var last: MassRejection.Change?
        for number in numbers {
            let change = rejections.note(Self.credential(number), isRejected: isRejected, now: now)
            last = change ?? last
        }
        return last
    }

    private static func credential(_ number: Int) -> CredentialID {
        CredentialID(UUIDValue(high: 0, low: UInt64(number)))
    }

    @Test mutating func fiveDifferentCredentialsAreMany() {
        #expect(note(1...4, isRejected: true) == nil)
        #expect(note(5...5, isRejected: true) == .began)
        #expect(rejections.suspects == Set((1...5).map(Self.credential)))
    }

    @Test mutating func oneCredentialIsNotHoweverOften() {
        for _ in 0..<100 { #expect(note(1...1, isRejected: true) == nil) }
        #expect(!rejections.isUnderWay && rejections.suspects.isEmpty)
    }

    @Test mutating func fewAmongManyGoodOnesAreNot() {
        #expect(note(1...20, isRejected: false) == nil)
        #expect(note(21...39, isRejected: true) == nil)
        #expect(note(40...40, isRejected: true) == .began, "half of those that were judged")
    }

    @Test mutating func onlyTheLastMinuteCounts() {
        #expect(note(1...4, isRejected: true) == nil)
        now = now + .seconds(61)
        #expect(note(5...8, isRejected: true) == nil)
        #expect(note(9...9, isRejected: true) == .began)
        #expect(rejections.suspects == Set((5...9).map(Self.credential)))
    }

    @Test mutating func goodAnswersEndIt() {
        #expect(note(1...6, isRejected: true) == .began)
        #expect(note(1...1, isRejected: false) == nil)
        #expect(!rejections.suspects.contains(Self.credential(1)), "it has been cleared")
        #expect(note(2...2, isRejected: false) == .ended)
        #expect(rejections.suspects.isEmpty)
    }

    @Test mutating func whoIsLeftWhenItEndsIsPardonedToo() {
        #expect(note(1...6, isRejected: true) == .began)
        #expect(note(1...2, isRejected: false) == .ended)
        #expect(rejections.takeSuspects() == Set((3...6).map(Self.credential)))
        #expect(rejections.takeSuspects().isEmpty)
    }

    @Test mutating func silenceEndsItLate() {
        #expect(note(1...6, isRejected: true) == .began)
        now = now + MassRejection.memory
        #expect(rejections.look(now: now) == nil)
        now = now + .seconds(1)
        #expect(rejections.look(now: now) == .ended)
    }

    @Test mutating func whoAsksSeldomIsNotTakenForTheOnlyOne() {
        #expect(note(1...5, isRejected: true) == .began)
        now = now + .seconds(300)
        #expect(note(6...6, isRejected: true) == nil)
        #expect(rejections.isUnderWay && rejections.suspects.contains(Self.credential(6)))
    }
}
