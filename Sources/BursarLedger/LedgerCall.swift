// What the gateway asks of the database while it serves: the names that metrics, spans and logs give it.

/// One kind of call. Raw values are exported: never rename one.
package enum LedgerCall: String, Sendable, CaseIterable {
    case lease, publish, release, pardon, follow, position, deliver, statement, partitions, quota, retire
    case rollUp = "roll_up"
    case keyRows = "key_rows"
    case giveBack = "give_back"
    case auditVerification = "audit_verification"
    case heartbeat, farewell, listen

    /// What the call was for, as a log line says it.
    package var work: String {
        switch self {
        case .lease: "leasing a token slot"
        case .publish: "storing a token"
        case .release: "releasing a token slot"
        case .pardon: "pardoning credentials"
        case .follow: "reading the configuration"
        case .position: "asking how far a journal is stored"
        case .deliver: "storing usage"
        case .statement: "recording a scoped token's statement"
        case .partitions: "making partitions"
        case .retire: "retiring credentials whose overlap is over"
        case .quota: "exchanging quota of rate limits"
        case .rollUp: "summing up downtime"
        case .giveBack: "giving leases back"
        case .keyRows: "counting what is sealed under each key"
        case .auditVerification: "reading when the audit trail was verified"
        case .heartbeat: "sending a heartbeat"
        case .listen: "listening for changes of the configuration"
        case .farewell: "taking leave of the other replicas"
        }
    }
}
