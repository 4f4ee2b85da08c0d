// What a flight needs to ask a provider for a slot's token.
internal import BursarCore

/// The credential, opened only when the flight needs it, and the profile to send it by.
struct FlightContext: Sendable {
    private let endpoint: TokenEndpoint
    let credential: CredentialEntry
    let scope: String?

    init(endpoint: TokenEndpoint, credential: CredentialEntry, scope: String?) {
        self.endpoint = endpoint
        self.credential = credential
        self.scope = scope
    }

    var profile: ProviderProfile { endpoint.profile }
    var environment: ProviderEnvironment { endpoint.environment }
    var keys: OwnerKeys { credential.keys }

    /// What decides which token it is.
    var fields: SlotFields {
        SlotFields(
            owner: credential.owner, provider: profile.id, environment: environment,
            credential: credential.id, credentialVersion: credential.version, tokenURL: endpoint.url,
            scope: scope)
    }

    /// Whose places its flights stand in line for.
    var choice: ConnectionChoice { endpoint.choice }

    /// How many flights there are at most for slots that nobody uses: enough that a place never stands empty,
    /// and few enough that the last one in line gets its turn in time.
    var mostWarming: Int { profile.limits.concurrency * 4 }

    var budget: Duration { profile.flightBudget }

    /// A flight that gets no place this long before its deadline is given up: what is left is too short.
    var shortestTry: Duration { profile.limits.timeout / 2 }

    /// How long a lease lasts: longer than any flight, so that its holder is never overtaken while it lives.
    var leaseDuration: Duration { budget + .seconds(5) }
}

extension ProviderProfile {
    /// Time for one flight: a refresh, a full exchange after it, and the store around them.
    var flightBudget: Duration { limits.timeout * (refresh == nil ? 1 : 2) + .seconds(5) }
}

/// An order to carry out a flight.
struct FlightOrder: Sendable {
    let cell: SlotCell
    let flight: TokenSlot.Flight
    /// For whom; nil when the slot renews by itself.
    let tenant: TenantID?
    /// The request that started it.
    let trace: RequestTrace?
    /// Whether somebody waits for it. A renewal whose token outlasts it lets those go before.
    let isUrgent: Bool
    /// Whether it is one of the few that keep slots warm which nobody uses.
    let isWarming: Bool

    /// Until when it may wait for its turn.
    var turnDeadline: Instant { flight.deadline - cell.context.shortestTry }

    func errand(_ step: RefreshEvent.Step, by deadline: Instant) -> ProviderAccess.Errand {
        let (profile, credential) = (cell.context.profile, cell.context.credential)
        return ProviderAccess.Errand(
            host: profile.host(of: step, in: credential.environment), credential: credential.id, step: step,
            timeout: profile.limits.timeout, deadline: deadline)
    }

    /// What it asks first, as far as is known before the store was asked.
    var firstStep: RefreshEvent.Step {
        cell.context.profile.refresh != nil && cell.snapshot().heldToken?.refresh != nil ? .refresh : .full
    }

    /// Whom its full exchange asks.
    var host: ProviderHost { cell.context.profile.host(of: .full, in: cell.context.environment) }
}
