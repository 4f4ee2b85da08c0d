// What a fault does to a call; the kinds themselves stand in FaultKind.swift.

/// A fault that a test asked for.
struct Fault: Sendable {
    let number: Int
    let kind: String
    let provider: Provider
    /// Nil is every endpoint that hands out tokens.
    let endpoint: Endpoint?
    /// Nil is every client.
    let client: ClientID?
    let effect: FaultEffect
    /// Nil is until cleared.
    var remaining: Int?

    func matches(_ call: Call, from client: ClientID?) -> Bool {
        guard provider == call.provider, self.client == nil || self.client == client else { return false }
        return endpoint.map { $0 == call.endpoint } ?? (call.endpoint != .check)
    }
}

/// Where a fault takes hold.
enum FaultEffect: Sendable {
    /// Answers in the provider's place; the provider does not look at the request and issues nothing.
    case instead(@Sendable (inout FaultScene) -> Reply)
    /// Changes what is about to be signed; such a token is not a good one.
    case claims(@Sendable (inout Claims, _ now: Moment) -> Void)
    /// Changes the members of a token answer.
    case members(@Sendable (inout JSONObject) -> Void)
    /// Changes how an answer travels; also a refusal.
    case pace(@Sendable (inout Reply) -> Void)
    /// Spoils the bytes of a token answer.
    case bytes(@Sendable (inout [UInt8]) -> Void)
}

/// What a fault that answers by itself has to work with.
struct FaultScene: Sendable {
    let provider: Provider
    let endpoint: Endpoint
    var random: SeededRandom
}
