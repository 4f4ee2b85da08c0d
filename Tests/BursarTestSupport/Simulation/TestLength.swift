// How long the long suites run.
private import Foundation

/// `BURSAR_TEST_LONG=1` asks for the full counts; without it the suites run a sample of the same seeds.
package enum TestLength {
    package static var isLong: Bool {
        ProcessInfo.processInfo.environment["BURSAR_TEST_LONG"].map { !$0.isEmpty && $0 != "0" } ?? false
    }

    package static func count(short: Int, long: Int) -> Int { isLong ? long : short }

    /// Seeds in portions of a hundred, so that a failure names its neighbourhood at once.
    package static func seeds(short: Int, long: Int) -> [Range<UInt64>] {
        stride(from: 0, to: UInt64(count(short: short, long: long)), by: 100).map { start in
            start..<min(start + 100, UInt64(count(short: short, long: long)))
        }
    }
}
