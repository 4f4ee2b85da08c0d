// How this replica's slots stand, for those who watch it.
internal import BursarCore
internal import ServiceLifecycle

/// The slots of one provider.
struct SlotTally: Hashable {
    var stages: [TokenSlot.Condition.Stage: Int] = [:]
    /// The least that a token has left whose renewal fails; zero: callers go without; nil: nothing fails.
    var timeToOutage: Duration?
    /// Slots whose renewal fails with less than `nearOutage` left.
    var nearOutage = 0
    /// Slots whose renewal was due and has not begun.
    var overdue = 0

    static let nearOutage: Duration = .seconds(300)
}

/// All slots, by provider.
struct SlotCensus: Hashable {
    private(set) var providers: [ProviderID: SlotTally] = [:]
    private(set) var waiters = 0

    mutating func add(_ condition: TokenSlot.Condition, of provider: ProviderID) {
        waiters += condition.waiters
        providers[provider, default: SlotTally()].add(condition)
    }
}

extension SlotTally {
    fileprivate mutating func add(_ condition: TokenSlot.Condition) {
        stages[condition.stage, default: 0] += 1
        if condition.isOverdue { overdue += 1 }
        guard let left = condition.leftWhileFailing else { return }
        timeToOutage = min(timeToOutage ?? left, left)
        if left < SlotTally.nearOutage { nearOutage += 1 }
    }
}

/// Counts every few seconds rather than at a scrape, which must not wait for a million slots.
struct CensusService: Service {
    let gateway: Gateway

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let environment = gateway.environment
                let began = environment.clock.now()
                await environment.offload.run { gateway.takeCensus() }
                // At most a hundredth of one processor up to some 300,000 slots; the clock may have been set
                // meanwhile.
                let rest = (environment.clock.now() - began) * 100
                await environment.pause(min(max(.seconds(2), rest), .seconds(60)))
            }
        }
    }
}
