// Calls to the database are measured and traced by name, whatever comes of them.
import BursarCore
import BursarTestSupport
import InMemoryTracing
import Postgres
import Synchronization
import Testing
import Tracing

@testable import BursarLedger

@Suite struct LedgerCallTests {
    private final class Calls: Sendable {
        private let all = Mutex<[(LedgerCall, failed: Bool)]>([])
        func add(_ call: LedgerCall, failed: Bool) { all.withLock { $0.append((call, failed)) } }
        var names: [LedgerCall] { all.withLock { $0.map(\.0) } }
        var failures: [LedgerCall] { all.withLock { $0.filter(\.failed).map(\.0) } }
    }

    @Test func aCallIsObservedAndTracedAndAFailureSaysNoMoreThanItsKind() async throws {
        try await TemporaryDatabase.lend { database async throws in
            let (calls, tracer) = (Calls(), InMemoryTracer())
            let pool = database.pool()
            let ledger = Ledger(
                pool: pool, auditing: TemporaryDatabase.sealer, tracer: tracer
            ) { call, duration, error in
                #expect(duration > .zero)
                calls.add(call, failed: error != nil)
            }
            _ = try await ledger.watchedKeys()
            await pool.close()
            await #expect(throws: StoreFailure.unavailable) { _ = try await ledger.watchedKeys() }
            #expect(calls.names == [.keyRows, .keyRows] && calls.failures == [.keyRows])
            let spans = tracer.finishedSpans
            #expect(spans.map(\.operationName) == ["key_rows", "key_rows"])
            #expect(spans.map { $0.status?.code == .error } == [false, true])
            #expect(spans.allSatisfy { $0.errors.isEmpty && $0.kind == .client })
        }
    }
}
