// Gives each request its id.
internal import BursarCore
private import Synchronization

/// Makes ids: a count, begun at a random place and then mixed by a function that maps no two numbers to one
/// (SplitMix64's last step). A bare count would tell every caller how busy the others are.
final class RequestIDs: Sendable {
    private let count: Atomic<UInt64>

    init(start: UInt64 = .random(in: .min ... .max)) { count = Atomic(start) }

    func next() -> RequestID {
        var word = count.wrappingAdd(0x9e37_79b9_7f4a_7c15, ordering: .relaxed).newValue
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return RequestID(number: word ^ word >> 31)
    }
}
