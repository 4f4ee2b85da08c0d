// Nothing secret in the database, its dumps, its log, or ours.
import BursarTestSupport
import Foundation
import Testing

@Suite struct SecrecyTests {
    @Test func dumpsAndLogsHoldNoSecretAndNoToken() async throws {
        let canary = "canary-\(UUID().uuidString)"
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            for provider in Bench.providers {
                try await bench.connect(provider, id: "demo-\(provider)", secret: canary + provider)
            }
            let client = try await bench.issueClient()
            var secrets = [canary, client.secret]
            var shown: [(name: String, text: String)] = []
            try await bench.withGateway { gateway async throws in
                for provider in Bench.providers {
                    let answer = try await gateway.token(client, "&provider=\(provider)")
                    secrets.append(try #require(answer.text("access_token")))
                }
                let scoped = try await HTTP.json(
                    "POST", gateway.merchant + "/v1/checkout-auth/init?provider=alternative",
                    #"{"customer_id":"c-1","invoice_id":"i-1","subject":"canary-subject"}"#,
                    bearer: client.secret)
                secrets += [try #require(scoped.text("token")), "canary-subject"]
                try await failOnce(bench, gateway, client)
                shown = try await everythingShown(by: gateway, in: bench)
            }
            let keyring = try String(contentsOfFile: bench.folder.path + "/keyring", encoding: .utf8)
            let key = try #require(keyring.split(separator: ":").last).trimmingCharacters(
                in: .whitespacesAndNewlines)
            // What the providers say must not come through either.
            secrets.append("PROVIDER-TEXT-7f3a9c")
            let dump = try await dump(bench)
            let serverLog = try serverLog()
            #expect(dump.contains("demo-zertiban"), "the dump is not one of this database")
            #expect(serverLog.contains(bench.database.name) || serverLog.contains("token_slot"))
            for secret in secrets {
                #expect(!dump.contains(secret), "in the dump")
                #expect(!dump.contains(hex(secret)), "in the dump, in hexadecimal")
                #expect(!serverLog.contains(secret), "in PostgreSQL's log")
                #expect(!serverLog.contains(hex(secret)), "in PostgreSQL's log, in hexadecimal")
            }
            for secret in secrets + [key] {
                for (name, text) in shown { #expect(!text.contains(secret), "in \(name)") }
            }
        }
    }

    /// Log, metrics, reports of every format, and what the kernel shows of the process.
    private func everythingShown(
        by gateway: RunningGateway, in bench: Bench
    ) async throws -> [(name: String, text: String)] {
        var shown = [("the metrics", try await HTTP.get(gateway.admin + "/metrics").body)]
        for path in ["/version", "/openapi.json"] {
            shown.append((path, try await HTTP.get(gateway.admin + path).body))
        }
        let month = Date.now.formatted(.iso8601.year().month())
        for format in ["table", "csv", "json", "html"] {
            for more in [["--by", "reason"], ["--events"]] {
                let report = try await bench.bursar(
                    ["report", "usage", "--period", month, "--format", format] + more)
                shown.append(("the \(format) report", report.output))
            }
        }
        let process = "/proc/\(gateway.program.pid)"
        shown.append(("its arguments", try String(contentsOfFile: process + "/cmdline", encoding: .utf8)))
        shown.append(("its environment", try String(contentsOfFile: process + "/environ", encoding: .utf8)))
        for thread in try FileManager.default.contentsOfDirectory(atPath: process + "/task") {
            let children = try? String(contentsOfFile: "\(process)/task/\(thread)/children", encoding: .utf8)
            #expect((children ?? "").isEmpty, "a gateway starts no programs")
        }
        let limits = try String(contentsOfFile: process + "/limits", encoding: .utf8)
        let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
        #expect(
            core?.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"], "a core file holds secrets")
        shown.append(("its log", gateway.program.output))
        #expect(shown.allSatisfy { !$0.1.isEmpty })
        return shown
    }

    private func failOnce(_ bench: Bench, _ gateway: RunningGateway, _ client: Bench.Client) async throws {
        try await bench.simulator.fault([
            "provider": "zertiban", "endpoint": "token", "kind": "invalid_client",
        ])
        let answer = try await gateway.get("/v1/token?provider=zertiban&rejected=9000000000", client)
        #expect([400, 503].contains(answer.status))
    }

    private func dump(_ bench: Bench) async throws -> String {
        let program = try RunningProgram(
            "/usr/lib/postgresql/15/bin/pg_dump", ["--dbname", bench.database.url])
        #expect(await program.end() == 0)
        return program.output
    }

    private func serverLog() throws -> String {
        let path = try #require(ProcessInfo.processInfo.environment["BURSAR_TEST_POSTGRES_LOG"])
        return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }

    private func hex(_ text: String) -> String { text.utf8.map { String(format: "%02x", $0) }.joined() }
}
