// What usage is counted in: the columns of every table, view and report.

/// One figure of the usage. Raw values are column names and are exported: never rename one.
package enum Meter: String, Hashable, Sendable, CaseIterable {
    // Answers to merchants, one for each request: see `AnswerOutcome`
    case answeredMemory = "answered_memory"
    case answeredStore = "answered_store"
    case answeredProvider = "answered_provider"
    case answeredScoped = "answered_scoped"
    case limited
    case refused
    case failedCaller = "failed_caller"
    case failedCredential = "failed_credential"
    case failedProvider = "failed_provider"
    case failedGateway = "failed_gateway"
    // Requests to providers
    /// Every request to a provider: full, refresh and scoped ones, failed ones included.
    case exchanges
    /// Those of `exchanges` that were made to replace a token rather than for want of one.
    case renewals
    /// Those of `exchanges` that were made with a refresh token.
    case refreshTokenRenewals = "refresh_token_renewals"

    package init(_ outcome: AnswerOutcome) {
        self =
            switch outcome {
            case .answeredFromMemory: .answeredMemory
            case .answeredFromStore: .answeredStore
            case .answeredFromProvider: .answeredProvider
            case .answeredScoped: .answeredScoped
            case .limited: .limited
            case .refused: .refused
            case .failedByCaller: .failedCaller
            case .failedByCredential: .failedCredential
            case .failedByProvider: .failedProvider
            case .failedByGateway: .failedGateway
            }
    }

    /// What a sum is made of.
    package static let answers: [Meter] = [
        .answeredMemory, .answeredStore, .answeredProvider, .answeredScoped,
    ]
    package static let refusals: [Meter] = [.limited, .refused]
    package static let failures: [Meter] = [
        .failedCaller, .failedCredential, .failedProvider, .failedGateway,
    ]
}

/// A figure for every meter.
package struct MeterCounts: Hashable, Sendable {
    private var counts: [Int64]

    package init() { counts = Array(repeating: 0, count: Meter.allCases.count) }

    /// In the order of `Meter.allCases`; what is missing is 0.
    package init(_ counts: [Int64]) {
        self.counts = Array(counts.prefix(Meter.allCases.count))
        self.counts += Array(repeating: 0, count: Meter.allCases.count - self.counts.count)
    }

    package subscript(meter: Meter) -> Int64 {
        get { counts[meter.index] }
        set { counts[meter.index] = newValue }
    }

    /// Answers with status 200 that carried a provider's token, scoped ones included.
    package var answers: Int64 { sum(Meter.answers) }
    /// Answers that refused: over the limit, or not allowed.
    package var refused: Int64 { sum(Meter.refusals) }
    /// Answers that failed, whoever is at fault.
    package var failed: Int64 { sum(Meter.failures) }
    package var isZero: Bool { counts.allSatisfy { $0 == 0 } }

    private func sum(_ meters: [Meter]) -> Int64 { meters.reduce(0) { $0 + self[$1] } }

    package static func + (left: MeterCounts, right: MeterCounts) -> MeterCounts {
        var sum = left
        for index in sum.counts.indices { sum.counts[index] += right.counts[index] }
        return sum
    }

    package static func - (left: MeterCounts, right: MeterCounts) -> MeterCounts {
        var difference = left
        for index in difference.counts.indices { difference.counts[index] -= right.counts[index] }
        return difference
    }

    package static func += (left: inout MeterCounts, right: MeterCounts) { left = left + right }
}

extension Meter {
    /// Its place among `allCases`.
    package var index: Int {
        switch self {
        case .answeredMemory: 0
        case .answeredStore: 1
        case .answeredProvider: 2
        case .answeredScoped: 3
        case .limited: 4
        case .refused: 5
        case .failedCaller: 6
        case .failedCredential: 7
        case .failedProvider: 8
        case .failedGateway: 9
        case .exchanges: 10
        case .renewals: 11
        case .refreshTokenRenewals: 12
        }
    }
}
