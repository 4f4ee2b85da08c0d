// Many readers and a writer: nobody sees half of a change.
import Dispatch
import Testing

@testable import BursarGateway

@Suite struct ReadersLockTests {
    @Test func readersSeeWholeChangesOnly() {
        let lock = ReadersLock([0, 0], lanes: 3)
        DispatchQueue.concurrentPerform(iterations: 6) { worker in
            for step in 1...5_000 {
                if worker == 0 {
                    lock.write { value in
                        value[0] = step
                        value[1] = -step
                    }
                } else {
                    #expect(lock.read { $0.pointee[0] + $0.pointee[1] } == 0)
                }
            }
        }
        #expect(lock.read { $0.pointee } == [5_000, -5_000])
    }

    @Test func writersDoNotLoseEachOthersChanges() {
        let lock = ReadersLock(0, lanes: 2)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<2_000 { lock.write { $0 += 1 } }
        }
        #expect(lock.read { $0.pointee } == 8_000)
    }
}
