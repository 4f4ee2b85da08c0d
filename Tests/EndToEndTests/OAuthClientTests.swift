// Any OAuth client library works unchanged: the ones that merchants use, as they come.
import BursarTestSupport
import Foundation
import Testing

@Suite struct OAuthClientTests {
    @Test func stockClientsGetTokensOverTLS() async throws {
        try await Bench.lend(tls: true) { bench async throws in
            try await bench.addTenant()
            try await bench.connect("zertiban")
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                let lines = try await runClients(bench, gateway, client)
                #expect(lines.count == 7)
                for line in lines {
                    #expect(line["error"] == nil, "\(line)")
                    let token = try #require(line["token"], "\(line)")
                    #expect(try await bench.simulator.holder(of: token) == "demo", "\(line)")
                }
                #expect(try await bench.simulator.count("zertiban", "token") == 1)
            }
        }
    }

    private func runClients(
        _ bench: Bench, _ gateway: RunningGateway, _ client: Bench.Client
    ) async throws -> [[String: String]] {
        let python = try #require(
            ProcessInfo.processInfo.environment["BURSAR_TEST_PYTHON"], "run the tests with ./dev test")
        let program = try RunningProgram(
            python,
            [
                Executables.root + "/Tests/EndToEndTests/Clients/clients.py",
                gateway.merchant + "/oauth2/token", client.id, client.secret, try #require(bench.authorities),
            ])
        #expect(await program.end() == 0, "\(program.output)")
        return program.output.split(separator: "\n").compactMap { line in
            try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        }
    }

    @Test func curlGetsATokenWithItsOwnBasic() async throws {
        try await Bench.lend(tls: true) { bench async throws in
            try await bench.addTenant()
            try await bench.connect("zatlas")
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                let program = try RunningProgram(
                    "/usr/bin/curl",
                    [
                        "-sS", "--cacert", try #require(bench.authorities), "-u",
                        "\(client.id):\(client.secret)", "-d", "grant_type=client_credentials",
                        gateway.merchant + "/oauth2/token",
                    ])
                #expect(await program.end() == 0, "\(program.output)")
                #expect(program.output.contains("access_token"), "\(program.output)")
            }
        }
    }

    /// Towards the providers: every printable ASCII character in id and secret, in each way of sending them.
    @Test(arguments: Bench.providers)
    func everyPrintableCharacterReachesTheProvider(_ provider: String) async throws {
        let printable = String(decoding: (0x20...0x7e).map { UInt8($0) }, as: UTF8.self)
        // A colon ends the id in Basic (RFC 7617 §2), so it is left out of the id there, and nowhere else.
        let id = provider == "zertiban" ? printable.replacing(":", with: "") : printable
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect(provider, id: id, secret: printable)
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                let answer = try await gateway.token(client)
                #expect(answer.status == 200, "\(answer.body)")
                let token = try #require(answer.text("access_token"))
                #expect(try await bench.simulator.holder(of: token) == id)
            }
        }
    }
}
