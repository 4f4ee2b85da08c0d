// A key-encryption key is replaced under a gateway that serves, by the commands that the runbook names.
import BursarTestSupport
import Foundation
import Postgres
import Testing

@Suite struct KeyRotationTests {
    private static func key() -> String {
        Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
    }

    /// What comes after the progress, which shares the output here.
    private func json(_ ended: Bench.Ended) throws -> Any {
        let result = ended.output.drop { $0 != "{" && $0 != "[" }
        return try JSONSerialization.jsonObject(with: Data(result.utf8))
    }

    /// Writes the keyring and waits until the gateway has it.
    private func give(_ gateway: RunningGateway, _ lines: [String], in bench: Bench) async throws {
        try bench.folder.write("keyring", lines.joined(separator: "\n") + "\n")
        let ids = lines.compactMap { $0.split(separator: ":").first }.joined(separator: ",")
        try await until("the gateway has \(ids)") {
            gateway.program.output.split(separator: "\n").contains { line in
                line.contains("keyring read again") && line.split(separator: " ").contains("keys=\(ids)")
            }
        }
    }

    private func haveApplied(_ gateway: RunningGateway, in bench: Bench) async throws {
        let rows = try await bench.database.withConnection { connection in
            try await connection.query("SELECT version FROM bursar.config_version")
        }
        let version = try #require(try rows.first?.decode("version", as: Int64.self))
        try await until("the gateway has applied version \(version)") {
            let page = try await HTTP.get(gateway.admin + "/metrics").body
            let line = page.split(separator: "\n").first { $0.hasPrefix("bursar_config_applied_version ") }
            return line?.split(separator: " ").last.flatMap { Double($0) } ?? 0 >= Double(version)
        }
    }

    @Test func aKeyIsReplacedWithoutATokenLost() async throws {
        try await Bench.lend { bench async throws in
            let former = try bench.folder.read("keyring").trimmingCharacters(in: .newlines)
            let latter = "test-2:" + Self.key()
            try await bench.addTenant()
            try await bench.connect("zertiban")
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                let first = try await gateway.token(client)
                let token = try #require(first.text("access_token"))
                #expect(try await bench.bursar("keys", "rotate", "test-2").status == 3, "no such line yet")
                try await give(gateway, [former, latter], in: bench)
                try await soon("rotate", "test-2", in: bench)
                try await refuseToRetire(bench)
                try await rewrap(bench)
                try await haveApplied(gateway, in: bench)
                try await soon("retire", "test-1", in: bench)
                #expect(try await bench.bursar("keys", "rotate", "test-1").status == 4, "it is retired")
                try await give(gateway, [latter], in: bench)
                #expect(try await gateway.token(client).text("access_token") == token)
                let generation = try #require(first.object["generation"] as? Int)
                let next = try await gateway.get("/v1/token?rejected=\(generation)", client)
                #expect(next.status == 200 && next.text("access_token") != token, "\(next.body)")
                #expect(try await bench.simulator.count("zertiban", "token", "issued") == 2)
            }
            try await bench.withGateway { gateway async throws in
                #expect(try await gateway.token(client).status == 200, "from the store, after a restart")
                #expect(try await bench.simulator.count("zertiban", "token", "issued") == 2)
                #expect(!gateway.program.output.contains("does not open"))
            }
            try await bench.must("doctor")
            let shown = try json(await bench.bursar("keys", "status", "--json"))
            let status = try #require(shown as? [[String: Any]])
            let seals = status.filter { $0["seals"] as? Bool == true }.map { $0["id"] as? String }
            let retired = status.filter { $0["retired"] as? Bool == true }.map { $0["id"] as? String }
            #expect(seals == ["test-2"] && retired == ["test-1"])
        }
    }

    /// Refused until the gateway has said with a heartbeat what it holds.
    private func soon(_ command: String, _ id: String, in bench: Bench) async throws {
        try await until("keys \(command) is not refused") {
            try await bench.bursar("keys", command, id).status == 0
        }
    }

    private func refuseToRetire(_ bench: Bench) async throws {
        let sealing = try await bench.bursar("keys", "retire", "test-2")
        #expect(sealing.status == 4 && sealing.output.contains("rotate"), "\(sealing.output)")
        let needed = try await bench.bursar("keys", "retire", "test-1")
        #expect(needed.status == 4 && needed.output.contains("rewrap"), "\(needed.output)")
    }

    private func rewrap(_ bench: Bench) async throws {
        let done = try await bench.bursar("keys", "rewrap", "--json")
        let counts = try #require(try json(done) as? [String: Any], "\(done.output)")
        #expect(counts["sealing"] as? String == "test-2")
        #expect(counts["data_keys"] as? Int == 1 && counts["peppers"] as? Int == 1)
        let again = try #require(
            try json(await bench.bursar("keys", "rewrap", "--json")) as? [String: Any])
        #expect(again["data_keys"] as? Int == 0 && again["peppers"] as? Int == 0)
    }

    @Test func aRewrapThatIsKilledIsGoneOnWith() async throws {
        let count = TestLength.count(short: 2_500, long: 10_000)
        try await Bench.lend { bench async throws in
            let lines = (1...count).map { "\(UUID().uuidString.lowercased()),Merchant \($0)" }
            let file = try bench.folder.write(
                "tenants.csv", "business_uuid,name\n" + lines.joined(separator: "\n") + "\n")
            try await bench.must("tenant", "import", file)
            let former = try bench.folder.read("keyring")
            try bench.folder.write("keyring", former + "test-2:" + Self.key() + "\n")
            try await bench.must("keys", "rotate", "test-2")
            let begin = ContinuousClock.now
            let killed = try RunningProgram(
                Executables.bursar, ["keys", "rewrap"], environment: bench.environment)
            _ = await killed.line(containing: "1000 data keys of at most \(count)")
            killed.signal(SIGKILL)
            #expect(await killed.end() == -SIGKILL, "\(killed.output)")
            let done = try await dataKeys(of: "test-2", in: bench)
            #expect(done >= 1_000 && done < count && done.isMultiple(of: 100), "batches are done or not")
            let rest = try json(await bench.bursar(["keys", "rewrap", "--json"])) as? [String: Any]
            #expect(rest?["data_keys"] as? Int == count - done)
            #expect(ContinuousClock.now - begin < .seconds(60))
            let all = try await dataKeys(of: "test-2", in: bench)
            #expect(all == count)
            try await bench.must("keys", "retire", "test-1")
            try bench.folder.write(
                "keyring", String(try bench.folder.read("keyring").dropFirst(former.count)))
            try await bench.must("doctor")
        }
    }

    private func dataKeys(of id: String, in bench: Bench) async throws -> Int {
        let shown = try json(await bench.bursar("keys", "status", "--json")) as? [[String: Any]]
        let row = try #require(shown?.first { $0["id"] as? String == id }, "\(shown ?? [])")
        return try #require(row["data_keys"] as? Int)
    }

    @Test func aKeyringThatLacksAKeyIsToldWhichOne() async throws {
        try await Bench.lend { bench async throws in
            let former = try bench.folder.read("keyring").trimmingCharacters(in: .newlines)
            let latter = "test-2:" + Self.key()
            try await bench.addTenant()
            try bench.folder.write("keyring", "\(latter)\n")
            let rewrap = try await bench.bursar("keys", "rewrap")
            #expect(rewrap.status == 1 && rewrap.output.contains("lacks the key test-1"), "\(rewrap.output)")
            try bench.folder.write("keyring", "\(former)\n\(latter)\n")
            try await bench.must("keys", "rotate", "test-2")
            try bench.folder.write("keyring", "\(former)\n")
            let other = "1f0e7c52-7f6b-4a52-8f0e-2f5b0a3c9d02"
            let add = try await bench.bursar("tenant", "add", other, "--name", "Other")
            #expect(add.status == 1 && add.output.contains("lacks the key test-2"), "\(add.output)")
            let doctor = try await bench.bursar("doctor")
            #expect(doctor.status == 1 && doctor.output.contains("BAD  keys"), "\(doctor.output)")
            #expect(try await bench.bursar("keys", "status").status == 1)
            // Another key under the id that seals is found out before anything is sealed under it.
            try bench.folder.write("keyring", "\(former)\n\(latter)\n")
            try await bench.must("keys", "rewrap")
            try bench.folder.write("keyring", "\(former)\ntest-2:\(Self.key())\n")
            let foreign = try await bench.bursar("keys", "rewrap")
            #expect(foreign.status == 1 && foreign.output.contains("test-2"), "\(foreign.output)")
        }
    }
}
