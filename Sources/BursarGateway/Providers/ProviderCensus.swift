// How this replica's ways to the providers stand, for those who watch it.
internal import BursarCore

/// One provider.
struct ProviderTally: Hashable {
    /// Hosts by the stage of their breaker.
    var stages: [CircuitBreaker.Stage: Int] = [:]
    /// Hosts that reject many credentials at once.
    var rejecting = 0
    /// Flights and scoped calls that stand in line.
    var inLine = 0
}

/// All that were asked, by provider.
struct ProviderCensus: Hashable {
    private(set) var providers: [ProviderID: ProviderTally] = [:]

    mutating func add(_ findings: HostWatch.Findings, of provider: ProviderID) {
        providers[provider, default: ProviderTally()].stages[findings.stage, default: 0] += 1
        if findings.isMassRejecting { providers[provider]?.rejecting += 1 }
    }

    mutating func add(inLine length: Int, of provider: ProviderID) {
        providers[provider, default: ProviderTally()].inLine += length
    }
}
