// What operators watch of a slot: how it stands, and how long it can go on.

extension TokenSlot {
    /// A slot as it looks from outside, at one moment.
    package struct Condition: Hashable, Sendable {
        /// Raw values are exported: never rename one.
        package enum Stage: String, Sendable, CaseIterable {
            case empty, fresh, refreshing
            case coolingDown = "cooling_down"
            /// Cooling down because the provider has judged the credential itself, and somebody relies on it.
            case quarantined
        }

        package let stage: Stage
        package let waiters: Int
        /// What the token in hand has left, where its renewal fails and somebody relies on it; zero when it
        /// has ended, nil when nothing fails. A credential that was rejected is its merchant's matter, and
        /// counts as quarantined instead.
        package let leftWhileFailing: Duration?
        /// Whether a renewal that was due has not begun: somebody should have, and has not.
        package let isOverdue: Bool
    }

    /// How late a renewal may begin. The calendar is looked at four times a second.
    package static let overdueAfter: Duration = .seconds(30)

    package func condition(at now: Instant, keepWarm: Bool) -> Condition {
        let isRelied = isRelied(at: now, keepWarm: keepWarm)
        let due = state == .empty ? nil : nextEvent(keepWarm: keepWarm)
        return Condition(
            stage: stage(isRelied: isRelied), waiters: waiterCount,
            leftWhileFailing: isRelied && isFailing && !isRejected ? left(at: now) : nil,
            isOverdue: isRelied && due.map { now - $0 > Self.overdueAfter } ?? false)
    }

    private func left(at now: Instant) -> Duration {
        heldToken.map { max(.zero, $0.expiresAt - now) } ?? .zero
    }

    /// Whether the provider's last word was on the credential itself.
    private var isRejected: Bool {
        guard case .coolingDown(let cooling, _) = state else { return false }
        return cooling.failure.reason.quarantines
    }

    private func stage(isRelied: Bool) -> Condition.Stage {
        switch state {
        case .empty: .empty
        case .fresh: .fresh
        case .refreshing: .refreshing
        case .coolingDown: isRejected && isRelied ? .quarantined : .coolingDown
        }
    }
}
