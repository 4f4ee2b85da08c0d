// The five providers by name, and the calls that one can have.

/// A payment provider. The raw value is its profile id and the first part of its paths.
enum Provider: String, CaseIterable, Sendable {
    case zatlas
    case alternative
    case phoenix
    case paymentapi
    case zertiban

    /// What this provider's document says; see the file that bears its name.
    var rules: ProviderRules {
        switch self {
        case .zatlas: .zatlas
        case .alternative: .alternative
        case .phoenix: .phoenix
        case .paymentapi: .paymentapi
        case .zertiban: .zertiban
        }
    }
}

/// What is called at a provider; counted apart.
enum Endpoint: String, CaseIterable, Sendable {
    case token
    case refresh
    case scoped
    case check
}
