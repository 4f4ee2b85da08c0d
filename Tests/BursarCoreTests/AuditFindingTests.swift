// How findings are counted and kept.
import BursarCore
import Testing

@Suite struct AuditFindingTests {
    private static func findings(_ count: Int, _ kind: AuditFinding.Kind) -> AuditFindings {
        var findings = AuditFindings()
        for number in 0..<count {
            findings.add(AuditFinding(kind, chain: nil, sequence: Int64(number), ""))
        }
        return findings
    }

    @Test func joinedFindingsAreAllCountedAndTheFirstAreKept() {
        var all = Self.findings(AuditFindings.limit - 1, .altered)
        all.add(Self.findings(0, .missing))
        #expect(all == Self.findings(AuditFindings.limit - 1, .altered))
        all.add(Self.findings(AuditFindings.limit + 5, .missing))
        #expect(all.count == 2 * AuditFindings.limit + 4 && all.first.count == AuditFindings.limit)
        #expect(all.first.last?.kind == .missing && all.first.last?.sequence == 0)
        all.add(Self.findings(1, .missing))
        #expect(all.count == 2 * AuditFindings.limit + 5 && all.first.count == AuditFindings.limit)
    }
}
