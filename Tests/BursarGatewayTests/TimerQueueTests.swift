// One timer for many sleeps.
import Testing

@testable import BursarGateway

@Suite struct TimerQueueTests {
    private let timers = TimerQueue()

    /// What a sleep ended with, once it has begun.
    private func asleep(for duration: Duration) async -> Task<Void, any Error> {
        let before = timers.count
        let task = Task { [timers] in try await timers.wait(until: .now + duration) }
        while timers.count == before { await Task.yield() }
        return task
    }

    @Test func whoeverSleepsWakesWhenTheirTimeHasComeInWhateverOrderTheyCame() async throws {
        try await withThrowingTaskGroup { group in
            for milliseconds in [30, 10, 0, 20, 10, -5, 40, 1] {
                group.addTask { [timers] in
                    let end = ContinuousClock.now + .milliseconds(milliseconds)
                    try await timers.wait(until: end)
                    #expect(ContinuousClock.now >= end)
                }
            }
            try await group.waitForAll()
        }
        #expect(timers.count == 0)
    }

    @Test func whoComesLaterAndWakesEarlierIsNotKeptWaiting() async throws {
        let long = await asleep(for: .seconds(3_600))
        try await timers.wait(until: .now + .milliseconds(5))
        try await timers.wait(until: .now + .milliseconds(5))
        #expect(timers.count == 1)
        long.cancel()
    }

    @Test func whoIsCancelledWakesAtOnce() async throws {
        let sleep = await asleep(for: .seconds(3_600))
        sleep.cancel()
        await #expect(throws: CancellationError.self) { try await sleep.value }
    }

    @Test func whoWasCancelledBeforeDoesNotSleep() async throws {
        let late = Task { [timers] in
            withUnsafeCurrentTask { $0?.cancel() }
            try await timers.wait(until: .now + .seconds(3_600))
        }
        await #expect(throws: CancellationError.self) { try await late.value }
        #expect(timers.count == 0)
    }

    @Test func timersOfThoseWhoLeftAreForgotten() async throws {
        let staying = await asleep(for: .seconds(3_600))
        let leaving = (0..<1_000).map { _ in
            Task { [timers] in try await timers.wait(until: .now + .seconds(1_800)) }
        }
        while timers.count < 1_001 { await Task.yield() }
        for each in leaving { each.cancel() }
        #expect(timers.count <= 2 + 64)
        for each in leaving { await #expect(throws: CancellationError.self) { try await each.value } }
        staying.cancel()
    }

    @Test func aQueueThatNobodyHoldsEnds() async throws {
        weak var gone: TimerQueue?
        do {
            let timers = TimerQueue()
            gone = timers
            try await timers.wait(until: .now + .milliseconds(1))
        }
        while gone != nil { await Task.yield() }
    }
}
