// Walks along chains and notices what does not hold together.

/// The end of a chain as the database states it.
package struct AuditHead: Hashable, Sendable {
    package let sequence: Int64
    package let mac: [UInt8]

    package init(sequence: Int64, mac: [UInt8]) {
        self.sequence = sequence
        self.mac = mac
    }
}

/// Takes the rows of one chain after the other, each in the order of their numbers, in bounded memory.
package struct AuditWalk: Sendable {
    package private(set) var findings = AuditFindings()
    package private(set) var chains: Int64 = 0
    package private(set) var rows: Int64 = 0
    /// SHA-256 of the manifest of each closed month, as the row of its closing states it.
    package private(set) var manifests: [String: String] = [:]

    private let mac: @Sendable (AuditRow) throws -> [UInt8]?
    private var current: Progress?

    private struct Progress {
        let chain: TenantID
        let head: AuditHead?
        var last: Int64 = 0
        /// Of the row before; nil where there is none to follow.
        var previous: [UInt8]?
        var previousHolds = true
        /// Rows whose mac is wrong: altered, or right in another place.
        var suspects: [AuditRow] = []
        /// Where such a row may have stood: there is none, or another suspect.
        var places: [Int64] = []
    }

    /// Each suspect is tried in each place.
    private static let suspectLimit = 64

    /// - Parameter mac: what the row's mac should be; nil when it cannot be told.
    package init(mac: @escaping @Sendable (AuditRow) throws -> [UInt8]?) { self.mac = mac }

    /// A chain begins; every row until the next call is of it.
    package mutating func begin(_ chain: TenantID, head: AuditHead?) throws {
        try finish()
        chains += 1
        current = Progress(chain: chain, head: head)
    }

    package mutating func take(_ row: AuditRow) throws {
        guard var chain = current, let sequence = row.sequence else { return }
        rows += 1
        if sequence > chain.last + 1 {
            miss(chain.last + 1, sequence - 1, of: chain.chain)
            chain.places += (chain.last + 1..<sequence).prefix(Self.suspectLimit - chain.places.count)
            chain.previous = nil
        }
        let holds = try mac(row) == row.mac
        if !holds {
            suspect(row, &chain)
        } else {
            if let previous = chain.previous, chain.previousHolds, previous != row.previous {
                add(.altered, row, "does not follow the row before it: that one was replaced by another")
            }
            if chain.chain == AuditChain.platform, row.action == Self.closingAction {
                manifests[row.subject] = row.detail?["manifest_sha256"]
            }
        }
        chain.previous = row.mac
        chain.previousHolds = holds
        chain.last = sequence
        current = chain
    }

    /// The action that `report close` leaves.
    package static let closingAction = "period.closed"

    /// The last chain has ended.
    package mutating func finish() throws {
        guard let chain = current else { return }
        current = nil
        try judge(chain.suspects, places: chain.places + chain.suspects.compactMap(\.sequence))
        compare(chain)
    }

    // MARK: Judging

    private mutating func miss(_ first: Int64, _ last: Int64, of chain: TenantID) {
        let rows = first == last ? "row \(first) was" : "rows \(first) to \(last) were"
        findings.add(AuditFinding(.missing, chain: chain, sequence: first, "\(rows) deleted"))
    }

    private mutating func suspect(_ row: AuditRow, _ chain: inout Progress) {
        if chain.suspects.count < Self.suspectLimit {
            chain.suspects.append(row)
        } else {
            add(.altered, row, Self.alteration)
        }
    }

    private static let alteration =
        "is not what was written here: it was altered, put in by hand, or moved from another tenant"

    private mutating func judge(_ suspects: [AuditRow], places: [Int64]) throws {
        for row in suspects {
            let place = try places.first { place in
                var moved = row
                moved.sequence = place
                return try mac(moved) == row.mac
            }
            if let place {
                add(.reordered, row, "was written as row \(place)")
            } else {
                add(.altered, row, Self.alteration)
            }
        }
    }

    private mutating func compare(_ chain: Progress) {
        guard let head = chain.head else {
            return add(.headMismatch, chain, "the chain's head is gone")
        }
        if head.sequence > chain.last {
            let first = chain.last + 1
            let rows = first == head.sequence ? "row \(first) is" : "rows \(first) to \(head.sequence) are"
            add(.cutOff, chain, "\(rows) missing at the chain's end")
        } else if head.sequence < chain.last {
            add(.headMismatch, chain, "the chain's head was set back to row \(head.sequence)")
        } else if chain.last > 0, chain.previousHolds, head.mac != chain.previous {
            add(.headMismatch, chain, "the chain's head is not that of its last row")
        }
    }

    private mutating func add(_ kind: AuditFinding.Kind, _ row: AuditRow, _ text: String) {
        findings.add(
            AuditFinding(kind, chain: row.chain, sequence: row.sequence, event: row.event, "the row \(text)"))
    }

    private mutating func add(_ kind: AuditFinding.Kind, _ chain: Progress, _ text: String) {
        let sequence = kind == .cutOff ? chain.last + 1 : chain.last
        findings.add(AuditFinding(kind, chain: chain.chain, sequence: sequence, text))
    }
}
