// The audit trail by the command line: shown, verified, and written by nobody without the keyring.
import BursarTestSupport
import Foundation
import Postgres
import Testing

@Suite struct AuditCommandTests {
    private func objects(_ text: String) throws -> [[String: Any]] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func theTrailIsShownNewestLastAndVerifies() async throws {
        try await Bench.lend { bench async throws in
            #expect(try objects(try await bench.must("audit", "list", "--json")).isEmpty)
            try await bench.addTenant()
            _ = try await bench.issueClient()
            try await bench.must("tenant", "rename", Bench.tenant, "--name", "A\u{1b}[31m b")
            let all = try objects(try await bench.must("audit", "list", "--json"))
            #expect(
                all.map { $0["action"] as? String } == [
                    "tenant.added", "keys.pepper_made", "client.issued", "tenant.renamed",
                ])
            #expect(all.map { $0["seq"] as? Int } == [1, 1, 2, 3])
            #expect(all[1]["business_uuid"] == nil && all[3]["business_uuid"] as? String == Bench.tenant)
            let text = try await bench.must("audit", "list", "--tenant", Bench.tenant, "--limit", "1")
            #expect(text.contains("tenant.renamed") && text.contains("#3") && !text.contains("\u{1b}"))
            let none = try await bench.must("audit", "list", "--until", "2026-01-01", "--json")
            #expect(try objects(none).isEmpty)
            #expect(try await bench.bursar("audit", "list", "--since", "yesterday").status == 2)
            let verified = try object(try await bench.must("audit", "verify", "--json"))
            #expect(verified["verified"] as? Bool == true && verified["rows"] as? Int == 4)
            let unknown = UUID().uuidString.lowercased()
            let nobody = try await bench.bursar("audit", "verify", "--tenant", unknown)
            #expect(nobody.status == 3 && nobody.output.contains("no tenant"), "\(nobody.output)")
        }
    }

    @Test func aRowThatWasAlteredEndsTheCommandWithOneAndIsNamed() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.database.withConnection { connection in
                for sql in [
                    "UPDATE bursar.audit_event SET actor = 'nobody'",
                    "SET session_replication_role = replica",
                    "UPDATE bursar.audit_event SET actor = 'nobody'",
                ] {
                    _ = try? await connection.execute("\(unescaped: sql)")
                }
            }
            let ended = try await bench.bursar("audit", "verify")
            #expect(ended.status == 1, "\(ended.output)")
            #expect(ended.output.contains("ALTERED  \(Bench.tenant) #1"), "\(ended.output)")
            let json = try await bench.bursar("audit", "verify", "--tenant", Bench.tenant, "--json")
            #expect(json.status == 1 && json.output.contains("\"what\" : \"altered\""), "\(json.output)")
            let noted = try await bench.database.withConnection { connection in
                try await connection.query("SELECT findings FROM ops.audit_verification")
                    .map { try $0.decode("findings", as: Int64.self) }
            }
            #expect(noted == [1])
        }
    }

    @Test func withoutTheRightKeyringNothingIsChangedOrCalledAltered() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            let key = Data(repeating: 7, count: 32).base64EncodedString()
            let other = try bench.folder.write("other", "other:\(key)\n")
            let same = try bench.folder.write("same", "test-1:\(key)\n")
            for (file, status, word) in [
                ("", 2 as Int32, "audit trail"), (other, 1, "lacks the key test-1"),
                (same, 1, "does not open"),
            ] {
                let environment = ["BURSAR_KEYRING_FILE": file]
                for command in [["tenant", "suspend", Bench.tenant], ["audit", "verify"]] {
                    let ended = try await bench.bursar(command, with: environment)
                    #expect(ended.status == status && ended.output.contains(word), "\(ended.output)")
                    #expect(!ended.output.lowercased().contains("altered  "), "\(ended.output)")
                }
                for command in [["tenant", "list"], ["audit", "list"]] {
                    let ended = try await bench.bursar(command, with: environment)
                    #expect(ended.status == 0, "\(ended.output)")
                }
            }
            #expect(try await bench.must("tenant", "show", Bench.tenant).contains("active"))
        }
    }

    @Test func aClosedMonthShowsWhereTheChainsEnded() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.must("report", "close", "--period", "2026-09")
            let shown = try await bench.must("report", "show", "--period", "2026-09")
            #expect(shown.contains("\"chains\" : 1"), "\(shown)")
            let json = try object(try await bench.must("report", "show", "--period", "2026-09", "--json"))
            let audit = try #require(json["audit"] as? [String: Any])
            #expect(audit["chains"] as? Int == 1 && (audit["digest"] as? String)?.count == 64)
            let verified = try object(try await bench.must("audit", "verify", "--json"))
            #expect(verified["anchors"] as? Int == 1)
            let closed = try objects(
                try await bench.must("audit", "list", "--action", "period.closed", "--json"))
            let detail = try #require(closed.first?["detail"] as? [String: String])
            #expect(detail["manifest_sha256"] == json["manifest_sha256"] as? String)
        }
    }
}
