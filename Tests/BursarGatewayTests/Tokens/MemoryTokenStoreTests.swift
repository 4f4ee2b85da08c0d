// The token store in memory does what the database does.
import BursarTestSupport
import StoreTrials
import Testing

@Suite struct MemoryTokenStoreTests {
    @Test(arguments: TokenStoreBehaviour.allCases)
    func behavesAsEveryTokenStoreDoes(behaviour: TokenStoreBehaviour) async throws {
        try await behaviour.check(in: MemoryTokenStoreWorld())
    }
}
