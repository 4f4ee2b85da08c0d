// The faults that are set, and whose turn it is. Bounded.

/// The faults in the order in which they were set; the first that matches a call takes it.
struct FaultPlan: Sendable {
    enum Failure: Error {
        case full
    }

    private static let most = 1_000

    private(set) var faults: [Fault] = []
    private var lastNumber = 0

    /// Adds a fault that `make` builds around its number.
    mutating func add(_ make: (_ number: Int) -> Fault) throws(Failure) -> Fault {
        guard faults.count < Self.most else { throw .full }
        lastNumber += 1
        let fault = make(lastNumber)
        faults.append(fault)
        return fault
    }

    /// The fault for this call, if any. A counted one is used up, also by a call that is then refused.
    mutating func next(for call: Call, from client: ClientID?) -> Fault? {
        guard let index = faults.firstIndex(where: { $0.matches(call, from: client) }) else { return nil }
        let fault = faults[index]
        if let remaining = fault.remaining {
            faults[index].remaining = remaining - 1
            if remaining <= 1 { faults.remove(at: index) }
        }
        return fault
    }

    /// Says how many there were.
    mutating func clear(_ provider: Provider?) -> Int {
        let before = faults.count
        faults.removeAll { provider == nil || $0.provider == provider }
        return before - faults.count
    }
}
