// The replica store in memory behaves as every replica store does.
import BursarCore
import BursarTestSupport
import StoreTrials
import Testing

@Suite struct MemoryReplicaStoreTests {
    @Test(arguments: ReplicaStoreBehaviour.allCases)
    func behavesAsEveryReplicaStoreDoes(_ behaviour: ReplicaStoreBehaviour) async throws {
        try await behaviour.check(in: World())
    }

    private final class World: ReplicaStoreWorld {
        let store: MemoryReplicaStore
        private let directory = MemoryDirectoryStore()
        private let clock = ManualClock()

        init() { store = MemoryReplicaStore(clock: clock) { [directory] in directory.version } }

        func pass(_ duration: Duration) { clock.advance(by: duration) }

        func changeConfiguration() -> ConfigVersion {
            directory.change { _ in }
            return directory.version
        }
    }
}
