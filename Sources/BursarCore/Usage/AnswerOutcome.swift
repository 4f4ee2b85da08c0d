// How answers to merchants come out.

/// How an answer to a merchant came out. Raw values are stored and exported: never rename one.
package enum AnswerOutcome: String, Hashable, Sendable, CaseIterable {
    case answeredFromMemory = "answered_memory"
    case answeredFromStore = "answered_store"
    case answeredFromProvider = "answered_provider"
    case answeredScoped = "answered_scoped"
    case limited
    /// Understood, but not allowed: wrong client, foreign tenant, suspended, origin, scope, target.
    case refused
    case failedByCaller = "failed_caller"
    case failedByCredential = "failed_credential"
    case failedByProvider = "failed_provider"
    case failedByGateway = "failed_gateway"

    package static func failed(_ fault: Fault) -> AnswerOutcome {
        switch fault {
        case .caller: .failedByCaller
        case .credential: .failedByCredential
        case .provider: .failedByProvider
        case .gateway: .failedByGateway
        }
    }
}

/// Where a served token was found.
package enum TokenSource: String, Hashable, Sendable, CaseIterable {
    case memory, store, provider

    package var outcome: AnswerOutcome {
        switch self {
        case .memory: .answeredFromMemory
        case .store: .answeredFromStore
        case .provider: .answeredFromProvider
        }
    }
}
