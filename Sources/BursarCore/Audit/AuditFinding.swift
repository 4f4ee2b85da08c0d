// What is wrong with an audit trail.

/// One thing that is not as it was written.
package struct AuditFinding: Hashable, Sendable {
    /// Raw values are shown to scripts: never rename one.
    package enum Kind: String, Sendable {
        case altered, missing, reordered, unchained
        case cutOff = "cut_off"
        case headMismatch = "head_mismatch"
        case anchorMismatch = "anchor_mismatch"
        case keyMissing = "key_missing"
    }

    package let kind: Kind
    /// Nil for what concerns no single chain.
    package let chain: TenantID?
    package let sequence: Int64?
    package let event: UUIDValue?
    /// For people.
    package let text: String

    package init(
        _ kind: Kind, chain: TenantID?, sequence: Int64? = nil, event: UUIDValue? = nil, _ text: String
    ) {
        self.kind = kind
        self.chain = chain
        self.sequence = sequence
        self.event = event
        self.text = text
    }
}

/// Findings as far as anybody reads them, and how many there are.
package struct AuditFindings: Hashable, Sendable {
    package private(set) var first: [AuditFinding] = []
    package private(set) var count = 0

    /// Enough to see what happened; a trail of millions may be wrong from its first row on.
    package static let limit = 1_000

    package init() {}

    package mutating func add(_ finding: AuditFinding) {
        count += 1
        if first.count < Self.limit { first.append(finding) }
    }

    package mutating func add(_ others: AuditFindings) {
        count += others.count
        first += others.first.prefix(Self.limit - first.count)
    }
}
