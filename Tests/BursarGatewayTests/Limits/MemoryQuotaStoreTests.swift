// The quota store in memory does what the database does.
import BursarTestSupport
import StoreTrials
import Testing

@Suite struct MemoryQuotaStoreTests {
    @Test(arguments: QuotaStoreBehaviour.allCases)
    func behavesAsEveryQuotaStoreDoes(behaviour: QuotaStoreBehaviour) async throws {
        try await behaviour.check(in: MemoryQuotaStoreWorld())
    }
}

private struct MemoryQuotaStoreWorld: QuotaStoreWorld {
    private let clock: ManualClock
    let store: MemoryQuotaStore

    init() {
        clock = ManualClock()
        store = MemoryQuotaStore(clock: clock)
    }

    func age() { clock.advance(by: .seconds(3)) }
}
