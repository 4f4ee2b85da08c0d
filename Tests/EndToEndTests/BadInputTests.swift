// Bad input at the command line and at the start: a clear message, the right exit code, and nothing changed.
import BursarTestSupport
import Foundation
import Postgres
import Testing

@Suite struct BadInputTests {
    @Test func wrongUsageExitsTwoAndSaysWhatIsWrong() async throws {
        try await Bench.lend { bench async throws in
            for (arguments, word) in [
                (["tenant", "add", "not-a-uuid", "--name", "X"], "not-a-uuid"),
                (["credential", "set", "--provider", "zertiban", "--environment", "moon"], "moon"),
                (["nonsense"], "nonsense"),
                (["tenant", "list", "--set", "http-prt=1"], "http-port"),
                (
                    [
                        "credential", "set", "--provider", "zertiban", "--environment", "sandbox",
                        "--client-id", "x",
                        "--secret", "open", "--tenant", Bench.tenant,
                    ], "--secret"
                ),
                (
                    [
                        "credential", "set", "--provider", "zertiban", "--environment", "sandbox",
                        "--pending",
                        "--overlap", "2y", "--tenant", Bench.tenant,
                    ], "--overlap"
                ),
            ] {
                let ended = try await bench.bursar(arguments)
                #expect(ended.status == 2, "\(arguments): \(ended.output)")
                #expect(ended.output.contains(word), "\(arguments): \(ended.output)")
            }
        }
    }

    @Test func whatIsNotThereExitsThree() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            let missing = "00000000-0000-4000-8000-000000000001"
            for arguments in [
                ["tenant", "show", missing], ["credential", "show", missing],
                ["client", "revoke", "brc_aaaaaaaaaaaaaaaaaaaa"], ["provider", "show", "nobody"],
                ["connection", "show", Bench.tenant, "--provider", "zertiban", "--environment", "sandbox"],
                ["client", "issue", "--tenant", missing],
            ] {
                let ended = try await bench.bursar(arguments)
                #expect(ended.status == 3, "\(arguments): \(ended.output)")
            }
        }
    }

    @Test func aBuiltInProfileThatLacksItsHostIsRefusedWithTheSnippetToAdd() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            let ended = try await bench.bursar(
                [
                    "credential", "set", "--provider", "phoenix", "--environment", "production",
                    "--client-id", "x",
                    "--secret-stdin", "--tenant", Bench.tenant,
                ], input: "secret",
                with: ["BURSAR_PROVIDERS_DIR": bench.folder.path + "/none"])
            #expect([1, 4].contains(ended.status), "\(ended.output)")
            let plain = try await bench.bursar(
                [
                    "credential", "set", "--provider", "phoenix", "--environment", "production",
                    "--client-id", "x",
                    "--secret-stdin", "--tenant", Bench.tenant,
                ], input: "secret",
                with: ["BURSAR_PROVIDERS_DIR": ""])
            #expect(plain.status == 4, "\(plain.output)")
            #expect(plain.output.contains("base_url"), "\(plain.output)")
        }
    }

    @Test func aKeyringThatIsOpenToOthersOrShortIsRefused() async throws {
        try await Bench.lend { bench async throws in
            let key = Data(repeating: 7, count: 32).base64EncodedString()
            let open = try bench.folder.write("open", "k:\(key)\n", mode: 0o644)
            let short = try bench.folder.write(
                "short", "k:\(Data(repeating: 7, count: 16).base64EncodedString())\n")
            for (file, word) in [(open, "chmod"), (short, "16 bytes")] {
                for command in [["serve"], ["keys", "status"]] {
                    let ended = try await bench.bursar(command, with: ["BURSAR_KEYRING_FILE": file])
                    #expect(ended.status == 1, "\(ended.output)")
                    #expect(ended.output.contains(word), "\(ended.output)")
                }
            }
        }
    }

    @Test func aProfileWithAnUnknownKeyOrPlainHTTPNamesFileLineAndKey() async throws {
        try await Bench.lend { bench async throws in
            let unknown = try bench.folder.write(
                "bad/one.yaml",
                "id: one\nname: One\nenvironments: { sandbox: { base_url: \"https://one.example\" } }\n"
                    + "token: { pth: /t, authentication: body }\n")
            let lint = try await bench.bursar("provider", "lint", unknown)
            #expect(lint.status == 1 && lint.output.contains("one.yaml:4") && lint.output.contains("path"))
            let serve = try await bench.bursar(
                ["serve"], with: ["BURSAR_PROVIDERS_DIR": bench.folder.path + "/bad"])
            #expect(serve.status == 1 && serve.output.contains("one.yaml:4"), "\(serve.output)")
            let plain = try bench.folder.write(
                "plain.yaml",
                "id: two\nname: Two\nenvironments: { sandbox: { base_url: \"http://two.example\" } }\n"
                    + "token: { path: /t, authentication: body }\n")
            let refused = try await bench.bursar("provider", "lint", plain)
            #expect(refused.status == 1 && refused.output.contains("plain.yaml:3"), "\(refused.output)")
        }
    }

    @Test func aTakenPortIsNamedWithWhatToDo() async throws {
        try await Bench.lend { bench async throws in
            try await bench.withGateway { gateway async throws in
                let port = try #require(gateway.merchant.split(separator: ":").last.map(String.init))
                let ended = try await bench.bursar(
                    ["serve"],
                    with: ["BURSAR_HTTP_PORT": port, "BURSAR_STATE_DIR": bench.folder.path + "/other"])
                #expect(ended.status == 1, "\(ended.output)")
                #expect(ended.output.contains(port) && ended.output.contains("BURSAR_HTTP_PORT"))
            }
        }
    }

    @Test func aSecondGatewayOnOneStateDirectoryIsRefused() async throws {
        try await Bench.lend { bench async throws in
            try await bench.withGateway { _ in
                let ended = try await bench.bursar("serve")
                #expect(ended.status == 4, "\(ended.output)")
                #expect(ended.output.contains("BURSAR_STATE_DIR"))
            }
        }
    }

    @Test func offLoopbackWithoutTLSIsRefused() async throws {
        try await Bench.lend { bench async throws in
            let ended = try await bench.bursar(["serve"], with: ["BURSAR_HTTP_HOST": "0.0.0.0"])
            #expect(
                ended.status == 2 && ended.output.contains("BURSAR_TLS_CERTIFICATE_FILE"), "\(ended.output)")
        }
    }

    @Test func aDatabaseThatIsBehindEndsTheStart() async throws {
        try await Bench.lend { bench async throws in
            try await bench.database.withConnection {
                try await $0.script(
                    "DELETE FROM bursar.schema_migration WHERE name LIKE '0002%'", timeout: .seconds(5))
            }
            let ended = try await bench.bursar("serve")
            #expect(ended.status == 1 && ended.output.contains("bursar migrate"), "\(ended.output)")
        }
    }

    @Test func aRunningGatewaySaysWhatItTriedWhileTheDatabaseIsAwayAndKeepsTrying() async throws {
        try await Bench.lend { bench async throws in
            let program = try RunningProgram(
                Executables.bursar, ["serve"],
                environment: bench.environment.merging(
                    ["BURSAR_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"]) { _, new in new })
            let line = await program.line(containing: "the database is not reachable")
            #expect(line?.contains("127.0.0.1") == true, "\(program.output)")
            let merchant = try #require(await program.line(containing: "server=merchant"))
            let address = try #require(merchant.split(separator: " ").first { $0.hasPrefix("address=") })
            let url = "http://" + address.dropFirst("address=".count)
            #expect(try await HTTP.get(url + "/livez").status == 200)
            #expect(try await HTTP.get(url + "/readyz").status == 503)
            let secret = "brs_00000000000000000000000000000000"
            #expect(try await HTTP.get(url + "/v1/token", bearer: secret + "000000").status == 401)
            #expect(await program.stop() == 0)
        }
    }
}
