// Randomness that a seed repeats.
package import BursarGateway
internal import Synchronization

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and the same on every machine.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// A generator that several parts of a test share.
package final class SeededRandom: Sendable {
    private let generator: Mutex<SplitMix64>

    package init(seed: UInt64) { generator = Mutex(SplitMix64(seed: seed)) }

    package func next() -> UInt64 { generator.withLock { $0.next() } }

    /// For the gateway.
    package var source: RandomSource { RandomSource { (self.next(), self.next()) } }

    /// A source whose fractions are all `fraction`, for tests of one bound of the jitter.
    package static func fixed(fraction: Double) -> RandomSource {
        let word = UInt64(fraction * 9_007_199_254_740_992) << 11  // 2^53, as RandomSource divides
        return RandomSource { (word, word) }
    }
}
