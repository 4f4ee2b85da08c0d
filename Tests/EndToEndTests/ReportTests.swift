// `bursar report`, from a served token to a closed month.
import BursarCore
import BursarLedger
import BursarTestSupport
import Crypto
import Foundation
import Postgres
import Testing

@Suite struct ReportTests {
    private static let thisMonth = KillTests.thisMonth

    @Test func aServedTokenIsInEveryFormatOfTheReport() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("zertiban")
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                for _ in 0..<3 { #expect(try await gateway.token(client).status == 200) }
                #expect(try await gateway.token(client, "&scope=admin").status == 400)
                try await until("the counts are stored") { try await bench.sum(.answeredMemory) == 2 }
            }
            let json = try await bench.must("report", "usage", "--period", Self.thisMonth, "--json")
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
            let totals = try #require(object["totals"] as? [String: Any])
            #expect(totals["answers"] as? Int == 3)
            #expect(totals["failed"] as? Int == 1)
            #expect(totals["exchanges"] as? Int == 1)
            let rows = try #require(object["rows"] as? [[String: Any]])
            #expect(rows.compactMap { $0["answers"] as? Int }.reduce(0, +) == 3)
            #expect(rows.contains { $0["business_uuid"] as? String == Bench.tenant })
            let csv = try await bench.must("report", "usage", "--period", Self.thisMonth, "--format", "csv")
            #expect(csv.contains("Demo Merchant"))
            #expect(csv.contains(client.id))
            let page = try await bench.must("report", "usage", "--period", Self.thisMonth, "--format", "html")
            #expect(page.contains("</html>") && page.contains("Demo Merchant"))
            for grouping in ["tenant", "client", "provider", "day", "reason"] {
                let table = try await bench.must(
                    "report", "usage", "--period", Self.thisMonth, "--by", grouping)
                #expect(!table.isEmpty)
            }
            let events = try await bench.must(
                "report", "usage", "--period", Self.thisMonth, "--events", "--json")
            #expect(events.contains("zertiban"))
            for text in [json, csv, page, events] { #expect(!text.contains(client.secret)) }
            let verified = try await bench.must("report", "verify", "--period", Self.thisMonth)
            #expect(verified.contains("All agree."))
        }
    }

    // MARK: Over HTTP

    @Test func reportsAreForBearersOfTheFinanceRole() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            let lines = ["finance", "operator", "admin"].map { role in
                let digest = SHA256.hash(data: Data("token-of-\(role)".utf8))
                return "\(role):\(role)-1:\(digest.map { String(format: "%02x", $0) }.joined())"
            }
            let file = try bench.folder.write("admin-tokens", lines.joined(separator: "\n") + "\n")
            try await bench.withGateway(with: ["BURSAR_ADMIN_TOKENS_FILE": file]) { gateway async throws in
                let url = gateway.admin + "/reports/usage?period=" + Self.thisMonth
                let anonymous = try await HTTP.get(url)
                #expect(anonymous.status == 401)
                #expect(anonymous.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
                #expect(try await HTTP.get(url, bearer: "wrong").status == 401)
                #expect(try await HTTP.get(url, bearer: "token-of-operator").status == 403)
                let page = try await HTTP.get(url, bearer: "token-of-finance")
                #expect(page.status == 200 && page.body.contains("</html>"))
                #expect(page.header("Cache-Control") == "no-store")
                let csv = try await HTTP.get(url + "&format=csv", bearer: "token-of-admin")
                let file = try await bench.must(
                    "report", "usage", "--period", Self.thisMonth, "--format", "csv")
                #expect(csv.body.split(separator: "\r\n") == file.split(separator: "\r\n"))
                for (query, status) in [
                    ("?period=2026-13", 400), ("", 400), ("?period=2999-01", 400),
                    ("?period=2026-11&colour=1", 400),
                    ("?period=2026-11&by=colour", 400), ("?period=2026-11&period=2026-10", 400),
                    ("?period=2026-11&tenant=00000000-0000-4000-8000-000000000000", 404),
                ] {
                    let answer = try await HTTP.get(
                        gateway.admin + "/reports/usage" + query, bearer: "token-of-finance")
                    #expect(answer.status == status, "\(query): \(answer.body)")
                    #expect(answer.text("error") != nil)
                }
            }
            try await bench.withGateway { gateway async throws in
                #expect(try await HTTP.get(gateway.admin + "/reports/usage?period=2026-10").status == 404)
            }
        }
    }

    @Test(arguments: ["finance:a", "boss:a:00", "finance:a:xyz"])
    func anAdminTokensFileThatCannotBeReadNamesTheLine(_ line: String) async throws {
        try await Bench.lend { bench async throws in
            let file = try bench.folder.write("admin-tokens", "# who may\n\(line)\n")
            let ended = try await bench.bursar("serve", with: ["BURSAR_ADMIN_TOKENS_FILE": file])
            #expect(ended.status == 2 && ended.output.contains("admin-tokens:2"), "\(ended.output)")
        }
    }

    // MARK: Closing

    /// Books answers in a month that is long over, as a gateway's journal would have delivered them.
    private struct Deliverer {
        let ledger: Ledger
        let journal = JournalID(
            directory: UUIDValue(high: 7, low: 1), boot: ReplicaID(UUIDValue(high: 7, low: 2)))
        var position: Int64 = 0

        mutating func deliver(_ count: Int64, of meter: Meter, at text: String) async throws {
            let date = try Date(text, strategy: .iso8601)
            let tenant = try #require(TenantID(Bench.tenant))
            let batch = UsageBatch(
                journal: journal, after: position, last: position + 1, frames: 1,
                counts: [
                    UsageCount(
                        key: UsageKey(tenant: tenant, provider: ProviderID("zertiban"), meter: meter),
                        minute: Int64(date.timeIntervalSince1970 / 60), count: count)
                ], events: [])
            #expect(try await ledger.add(batch) == .stored)
            position += 1
        }
    }

    @Test func aClosedMonthStaysAndLateCountsBecomeCorrections() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.database.withLedger { ledger async throws in
                var deliverer = Deliverer(ledger: ledger)
                try await deliverer.deliver(41, of: .answeredMemory, at: "2026-09-30T23:59:00Z")
                try await deliverer.deliver(1, of: .answeredMemory, at: "2026-10-01T00:00:00Z")
                #expect(try await bench.bursar("report", "close", "--period", "2026-10").status == 4)
                let closed = try await bench.must("report", "close", "--period", "2026-09", "--json")
                #expect(closed.contains("\"closed\""))
                let again = try await bench.bursar("report", "close", "--period", "2026-09")
                #expect(again.status == 4 && again.output.contains("closed"), "\(again.output)")

                let out = bench.folder.path + "/reports"
                try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
                try await bench.must("report", "usage", "--period", "2026-09", "--output", out)
                let file = "reports/bursar-usage-2026-09-v1.csv"
                let before = try bench.folder.read(file)
                #expect(before.contains(",41,"))
                #expect(
                    try bench.folder.read("reports/bursar-usage-2026-09-v1.manifest.json").contains(
                        "csv_sha256"))

                try await deliverer.deliver(5, of: .answeredMemory, at: "2026-09-15T12:00:00Z")
                try await bench.must(
                    "report", "adjust", "--period", "2026-09", "--tenant", Bench.tenant, "--meter",
                    "answered_memory", "--by", "-2", "--reason", "counted by a test run")
                let second = try await bench.must("report", "usage", "--period", "2026-09", "--output", out)
                #expect(second.contains("unchanged"))
                #expect(try bench.folder.read(file) == before)

                let open = try await bench.must(
                    "report", "usage", "--period", Self.thisMonth, "--format", "csv")
                #expect(open.contains("correction") && open.contains("2026-09"))
                #expect(open.contains("counted by a test run"))
                for period in ["2026-09", "2026-10", Self.thisMonth] {
                    let verified = try await bench.bursar("report", "verify", "--period", period)
                    #expect(verified.status == 0, "\(period): \(verified.output)")
                }
                let elsewhere = try await bench.bursar(
                    "report", "show", "--period", "2026-09", with: ["BURSAR_REPORT_ZONE": "Europe/Berlin"])
                #expect(elsewhere.status == 4 && elsewhere.output.contains("UTC"), "\(elsewhere.output)")
            }
        }
    }

    // MARK: The page

    @Test func axeFindsNothingOnThePageInABrowser() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            let name = "Café <b>\u{202E}& Söhne</b> \u{1F389}"
            try await bench.must("tenant", "rename", Bench.tenant, "--name", name)
            try await bench.database.withLedger { ledger async throws in
                var deliverer = Deliverer(ledger: ledger)
                for day in 1...9 {
                    let morning = "2026-09-0\(day)T10:00:00Z"
                    try await deliverer.deliver(Int64(day * 1_000_003), of: .answeredMemory, at: morning)
                    try await deliverer.deliver(Int64(day), of: .failedProvider, at: morning)
                }
                try await deliverer.deliver(7, of: .answeredMemory, at: "2026-08-01T10:00:00Z")
            }
            for period in ["2026-09", "2026-07"] {
                try await bench.must(
                    "report", "usage", "--period", period, "--format", "html", "--output", bench.folder.path)
                let page = bench.folder.path + "/bursar-usage-\(period)-draft.html"
                let python = try #require(ProcessInfo.processInfo.environment["BURSAR_TEST_PYTHON"])
                let check = try RunningProgram(
                    python, [Executables.root + "/Tests/EndToEndTests/Clients/check_page.py", page])
                #expect(await check.end() == 0, "\(check.output)")
                #expect(check.output.split(separator: " 0 violations").count >= 4, "\(check.output)")
                let text = try bench.folder.read("bursar-usage-\(period)-draft.html")
                #expect(!text.contains("<b>") && !text.contains("\u{202E}") && !text.contains("<script"))
            }
        }
    }

    // MARK: Bad input

    @Test(arguments: [
        (["usage", "--period", "2026-13"], 2, "2026-13"), (["usage", "--period", "yesterday"], 2, "2026-10"),
        (["usage", "--period", "2999-01"], 4, "has not begun"),
        (["usage", "--period", "2026-09", "--tenant", "00000000-0000-4000-8000-000000000000"], 3, "tenant"),
        (["usage", "--period", "2026-09", "--by", "colour"], 2, "colour"),
        (["usage", "--period", "2026-09", "--day", "2026-10-01"], 2, "2026-10-01"),
        (["usage", "--period", "2026-09", "--format", "xls"], 2, "xls"),
        (["close", "--period", "2999-01"], 4, "not over"),
        (
            [
                "adjust", "--period", "2026-09", "--tenant", Bench.tenant, "--meter", "exchanges", "--by",
                "1",
                "--reason", "x",
            ], 4, "closed"
        ),
    ])
    func aBadRequestSaysWhatIsWrong(_ arguments: [String], _ status: Int32, _ text: String) async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            let ended = try await bench.bursar(["report"] + arguments)
            #expect(ended.status == status, "\(ended.output)")
            #expect(ended.output.contains(text), "\(ended.output)")
        }
    }

    @Test func anUnknownZoneIsRefusedWithTheNearest() async throws {
        try await Bench.lend { bench async throws in
            let ended = try await bench.bursar(
                "report", "usage", "--period", Self.thisMonth, with: ["BURSAR_REPORT_ZONE": "Europe/Berlim"])
            #expect(ended.status == 4)
            #expect(ended.output.contains("Europe/Berlin"), "\(ended.output)")
        }
    }

    @Test func aRoleWithoutRightsIsToldWhichOneItNeeds() async throws {
        try await Bench.lend { bench async throws in
            let ended = try await bench.bursar(
                "report", "usage", "--period", Self.thisMonth, with: ["PGOPTIONS": "-c role=bursar_finance"])
            #expect(ended.status == 1)
            #expect(ended.output.contains("bursar_gateway"), "\(ended.output)")
        }
    }
}
