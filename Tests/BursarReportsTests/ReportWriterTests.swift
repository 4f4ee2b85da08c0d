// What the files of a report hold, byte for byte.
import BursarCore
import Crypto
import Foundation
import Synchronization
import Testing

@testable import BursarReports

@Suite("Report files")
struct ReportWriterTests {
    private static let hostile = "\u{202E}<script>\"&'\u{0}\u{7}\n\\ 🎉"

    private func chunks(
        _ format: ReportFormat, _ source: MemorySource, by grouping: ReportGrouping? = nil,
        events: Bool = false, filter: ReportFilter = .all, isServed: Bool = false
    ) async throws -> [[UInt8]] {
        let written = Mutex<[[UInt8]]>([])
        let request = ReportRequest(
            period: source.head.period, format: format, grouping: grouping, filter: filter,
            asksForEvents: events)
        try await UsageReportWriter(source: source).write(request, isServed: isServed) { bytes in
            written.withLock { $0.append(bytes) }
        }
        return written.withLock { $0 }
    }

    private func page(
        _ source: MemorySource, by grouping: ReportGrouping? = nil, events: Bool = false,
        filter: ReportFilter = .all, isServed: Bool = true
    ) async throws -> String {
        let chunks = try await chunks(
            .html, source, by: grouping, events: events, filter: filter, isServed: isServed)
        return String(decoding: chunks.joined(), as: UTF8.self)
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

    @Test(
        "A name whose bytes are plain stands as it is, by both ways",
        arguments: [
            "A", "7", "a-b_c/d.e:f", "a b", "a=b", "a+b", "-a", "Ä", "", "a,b", "a;b", "a\"b", "a'b", "a@b",
        ])
    func plain(name: String) async throws {
        let csv = try await text(.csv, name)
        #expect(csv.contains("2026-10-01,,\(CSVLines.guarded(name)),pos,"))
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

    @Test("A page shows a hostile name as text", arguments: [nil, ReportGrouping.tenant])
    func page(grouping: ReportGrouping?) async throws {
        let html = try await page(MemorySource(rows: [usage(Self.hostile)]), by: grouping)
        #expect(!html.contains("<script") && html.contains("&lt;script&gt;"))
        #expect(!html.unicodeScalars.contains("\u{202E}"))
    }

    @Test("A page names so many rows, adds up the others, and keeps the total")
    func longPage() async throws {
        let source = MemorySource(rows: (0..<1_234).map { usage("t\($0)") }, batch: 100)
        let html = try await page(source, by: .tenant)
        #expect(html.contains(">t499<") && !html.contains(">t500<"))
        #expect(html.contains("all others (734)"))
        #expect(html.components(separatedBy: "<tr>").count - 1 == 1 + 500 + 1 + 1)
        #expect(html.contains("<td>12,340</td>"))
    }

    @Test("A served page leads down to the requests, a file leads nowhere")
    func links() async throws {
        var source = MemorySource(rows: [usage("A")])
        source.rows[0].tenant = TenantID(UUIDValue(high: 5, low: 6))
        let filter = ReportFilter(day: "2026-10-01")
        let html = try await page(source, filter: filter)
        let tenant = "00000000-0000-0005-0000-000000000006"
        #expect(html.contains("\"?period=2026-10&amp;tenant=\(tenant)&amp;day=2026-10-01&amp;format=html\""))
        #expect(
            html.contains(
                "\"?period=2026-10&amp;day=2026-10-01&amp;provider=square&amp;environment=production"
                    + "&amp;outcome=timed_out&amp;format=html&amp;events=true\""))
        #expect(html.contains("\"?period=2026-10&amp;format=html\">The whole month<"))
        #expect(try await !page(source, filter: filter, isServed: false).contains("href"))
    }

    @Test("Requests to providers come alike as files and as a page")
    func events() async throws {
        let source = MemorySource(events: [event(1), event(2, failure: .timedOut)], batch: 1)
        func text(_ format: ReportFormat) async throws -> String {
            String(decoding: try await chunks(format, source, events: true).joined(), as: UTF8.self)
        }
        let lines = try await text(.csv).components(separatedBy: "\r\n")
        #expect(lines.count == 4 && lines[3].isEmpty)
        #expect(lines[1].hasSuffix(",renewal,full,ok,,200,42,3600"))
        #expect(lines[2].hasSuffix(",renewal,full,timed_out,provider,,42,3600"))
        let json = try JSONSerialization.jsonObject(with: Data(try await text(.json).utf8))
        let events = try #require((json as? [String: Any])?["events"] as? [[String: Any]])
        #expect(events.map { $0["outcome"] as? String } == ["ok", "timed_out"])
        #expect(try await text(.table).components(separatedBy: "\n").count == 4)
        let html = try await page(source, events: true)
        #expect(html.contains("the provider took too long (the provider&#39;s fault)"))
    }

    @Test("A page of requests names so many, and says how many there are")
    func manyEvents() async throws {
        let source = MemorySource(events: (0..<700).map { event($0) }, batch: 64)
        let html = try await page(source, events: true)
        #expect(html.components(separatedBy: "<tr>").count - 1 == 1 + 500)
        #expect(html.contains("The first 500 of 700 are shown"))
    }

    @Test("Rows leave batch by batch", arguments: [ReportFormat.csv, .json, .table])
    func batches(format: ReportFormat) async throws {
        let source = MemorySource(rows: (0..<1_000).map { usage("t\($0)") }, batch: 10)
        let written = try await chunks(format, source)
        #expect(written.count > 100)
        #expect((written.map(\.count).max() ?? 0) < 10_000)
    }
}
