// What the files of a report hold, byte for byte.
import BursarCore
import BursarReports
import Crypto
import Foundation
import Synchronization
import Testing

@Suite("Report files")
struct ReportWriterTests {
    private static let hostile = "\u{202E}<script>\"&'\u{0}\u{7}\n\\ 🎉"

    private func chunks(_ format: ReportFormat, _ source: MemorySource) async throws -> [[UInt8]] {
        let written = Mutex<[[UInt8]]>([])
        let request = ReportRequest(period: source.head.period, format: format)
        try await UsageReportWriter(source: source).write(request, links: false) { bytes in
            written.withLock { $0.append(bytes) }
        }
        return written.withLock { $0 }
    }

    private func text(_ format: ReportFormat, _ names: String...) async throws -> String {
        let source = MemorySource(rows: names.map { usage($0) })
        return String(decoding: try await chunks(format, source).joined(), as: UTF8.self)
    }

    @Test("The CSV of schema 1 never changes")
    func golden() async throws {
        let source = MemorySource(rows: [usage("Café"), usage("A,\"B\"", correcting: "2026-09")])
        let bytes = Array(try await chunks(.csv, source).joined())
        let expected =
            "period,zone,day,business_uuid,tenant_name,client_id,provider,environment,kind,correction_of,"
            + "reason,"
            + "answers,answered_memory,answered_store,answered_provider,answered_scoped,refused,limited,"
            + "refused_otherwise,failed,failed_caller,failed_credential,failed_provider,failed_gateway,"
            + "exchanges,renewals,refresh_token_renewals\r\n"
            + "2026-10,Europe/Berlin,2026-10-01,,Café,pos,square,production,usage,,,"
            + "10,1,2,3,4,11,5,6,34,7,8,9,10,11,12,13\r\n"
            + "2026-10,Europe/Berlin,2026-10-01,,\"A,\"\"B\"\"\",pos,square,production,correction,"
            + "2026-09,late,"
            + "10,1,2,3,4,11,5,6,34,7,8,9,10,11,12,13\r\n"
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
        let digest = CSVDigest()
        for row in source.rows { digest.add([row], head: source.head) }
        #expect(digest.finish() == hexText(Array(SHA256.hash(data: bytes))))
        #expect(digest.byteCount == bytes.count)
    }

    @Test(
        "No name becomes a formula",
        arguments: [
            "=1+1", "+1", "-1", "@A", "\t=1", "\rx", "  =1", "\"=1", "＝1", "＋1", "－1", "＠1", "\u{FEFF}=1",
        ])
    func formulas(name: String) async throws {
        let csv = try await text(.csv, name)
        #expect(csv.contains(",'") || csv.contains(",\"'"))
    }

    @Test("A name with line breaks and controls stays in its row")
    func controls() async throws {
        let csv = try await text(.csv, Self.hostile)
        #expect(csv.utf8.count { $0 == 10 } == 2)
        #expect(!csv.utf8.contains(0) && !csv.utf8.contains(7))
    }

    @Test("JSON gives back every name and every count")
    func json() async throws {
        let data = Data(try await text(.json, Self.hostile, "b").utf8)
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let rows = try #require(report["rows"] as? [[String: Any]])
        #expect(rows.map { $0["tenant_name"] as? String } == [Self.hostile, "b"])
        #expect(rows[0]["business_uuid"] is NSNull)
        #expect((report["totals"] as? [String: Any])?["refused"] as? Int == 22)
    }

    @Test("JSON of an empty month is valid")
    func emptyMonth() async throws {
        let data = Data(try await text(.json).utf8)
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect((report["rows"] as? [Any])?.isEmpty == true)
    }

    @Test("A page shows a hostile name as text")
    func page() async throws {
        let html = try await text(.html, Self.hostile)
        #expect(!html.contains("<script") && html.contains("&lt;script&gt;"))
        #expect(!html.unicodeScalars.contains("\u{202E}"))
    }

    @Test("Rows leave batch by batch", arguments: [ReportFormat.csv, .json, .table, .html])
    func batches(format: ReportFormat) async throws {
        let source = MemorySource(rows: (0..<1_000).map { usage("t\($0)") }, batch: 10)
        let written = try await chunks(format, source)
        #expect(written.count > 100)
        #expect((written.map(\.count).max() ?? 0) < 10_000)
    }
}
