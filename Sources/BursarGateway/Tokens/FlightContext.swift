// What a flight needs to ask a provider for a slot's token.
internal import BursarCore

/// The credential, opened only when the flight needs it, and the profile to send it by.
struct FlightContext: Sendable {
    let profile: ProviderProfile
    let credential: Credential
    let keys: OwnerKeys
    let scope: String?

    /// Time for one flight: a refresh, a full exchange after it, and the store around them.
    var budget: Duration { profile.limits.timeout * (profile.refresh == nil ? 1 : 2) + .seconds(5) }

    /// How long a lease lasts: longer than any flight, so that its holder is never overtaken while it lives.
    var leaseDuration: Duration { budget + .seconds(5) }
}

/// An order to carry out a flight.
struct FlightOrder: Sendable {
    let cell: SlotCell
    let flight: TokenSlot.Flight
    /// For whom; nil when the slot renews by itself.
    let tenant: TenantID?
    /// The request that started it.
    let trace: RequestTrace?
}
