// The bytes of a row that are authenticated.
import BursarCore
import Testing

@Suite struct AuditRowTests {
    static func row(
        chain: UInt64 = 1, event: UInt64 = 2, at: Int64 = 3, actor: String = "a", action: String = "b",
        subject: String = "c", detail: [String: String]? = ["k": "v", "a": "é"], sequence: Int64? = 4,
        previous: [UInt8] = [5]
    ) -> AuditRow {
        AuditRow(
            chain: TenantID(UUIDValue(high: 0, low: chain)), event: UUIDValue(high: 0, low: event),
            at: Instant(microseconds: at), actor: actor, action: action, subject: subject, detail: detail,
            sequence: sequence, previous: previous)
    }

    /// Stored macs are over these very bytes.
    @Test func theFormatNeverChanges() {
        let sixteen = String(repeating: "0", count: 30)
        #expect(
            Self.row().canonicalBytes.map { hexText($0) }
                == [
                    "0000000131", "00000010" + sixteen + "01", "0000000134", "0000000105",
                    "00000010" + sixteen + "02", "0000000133", "0000000161", "0000000162", "0000000163",
                    "0000000132", "0000000161", "00000002c3a9", "000000016b", "0000000176",
                ].joined())
    }

    @Test func noTwoRowsHaveTheSameBytes() {
        let rows = [
            Self.row(), Self.row(chain: 9), Self.row(event: 9), Self.row(at: 9), Self.row(actor: "ab"),
            Self.row(actor: "", action: "ab"), Self.row(subject: "C"), Self.row(sequence: 44),
            Self.row(previous: []), Self.row(detail: [:]), Self.row(detail: ["k": "v"]),
            Self.row(detail: ["k": "v", "a": "e\u{301}"]), Self.row(detail: ["kv": "", "a": "é"]),
            Self.row(detail: ["a": "v", "k": "é"]),
        ]
        #expect(Set(rows.compactMap(\.canonicalBytes)).count == rows.count)
    }

    @Test func whatIsInNoChainOrCannotBeReadHasNone() {
        #expect(Self.row(sequence: nil).canonicalBytes == nil)
        #expect(Self.row(detail: nil).canonicalBytes == nil)
    }
}
