// What a scripted provider saw, for the test to read afterwards.
import Synchronization

final class Observation: Sendable {
    private let contents = Mutex<[Int]>([])

    func note(_ number: Int) { contents.withLock { $0.append(number) } }
    var seen: [Int] { contents.withLock { $0 } }
}
