// A rotation as an operator makes it and as merchants see it.
import BursarTestSupport
import Foundation
import Testing

@Suite struct RotationTests {
    private struct Shown {
        let object: [String: Any]

        init(_ output: String) throws {
            let parsed = try JSONSerialization.jsonObject(with: Data(output.utf8))
            object = try #require(parsed as? [String: Any], "\(output)")
        }

        subscript(_ member: String) -> String? { object[member] as? String }
        var retired: [String] { object["retired"] as? [String] ?? [] }
    }

    private func set(
        _ bench: Bench, _ id: String, secret: String = Bench.awkward, _ extra: String...
    ) async throws -> Bench.Ended {
        try await bench.bursar(
            [
                "credential", "set", "--provider", "zertiban", "--environment", "sandbox", "--client-id", id,
                "--secret-stdin", "--tenant", Bench.tenant, "--json",
            ] + extra, input: secret)
    }

    private func connection(_ bench: Bench) async throws -> Shown {
        try Shown(
            try await bench.must(
                "connection", "show", Bench.tenant, "--provider", "zertiban", "--environment", "sandbox",
                "--json"))
    }

    private func waitForHolder(
        _ holder: String, _ bench: Bench, _ gateway: RunningGateway, _ client: Bench.Client
    ) async throws {
        try await until("the token is that of \(holder)") {
            let answer = try await gateway.token(client)
            try #require(answer.status == 200, "\(answer.body)")
            return try await bench.simulator.holder(of: try #require(answer.text("access_token"))) == holder
        }
    }

    @Test func aCredentialIsReplacedGoneBackToAndWithdrawnWithoutARefusedRequest() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("zertiban", id: "first")
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                try await waitForHolder("first", bench, gateway, client)
                let first = try #require(try await connection(bench)["credential_id"])

                try await bench.simulator.know("zertiban", id: "second", secret: Bench.awkward)
                let ended = try await set(bench, "second", "--overlap", "2h")
                try #require(ended.status == 0, "\(ended.output)")
                let shown = try Shown(ended.output)
                #expect(shown["replaces"] == first && shown["replaced_until"] != nil)
                let exchange = shown.object["exchange"] as? [String: Any]
                #expect(exchange?["ok"] as? Bool == true)
                let second = try #require(shown["id"])
                try await waitForHolder("second", bench, gateway, client)

                // The provider takes the new one back: the former one serves.
                try await bench.simulator.fault([
                    "provider": "zertiban", "endpoint": "token", "kind": "invalid_client",
                    "client_id": "second",
                ])
                let token = try #require(try await gateway.token(client).text("access_token"))
                try await bench.simulator.revoke(token)
                _ = try await HTTP.post(
                    gateway.merchant + "/oauth2/revoke", "token=\(token)", basic: (client.id, client.secret))
                let generation = try #require(try await gateway.token(client).number("generation"))
                let served = try await gateway.token(client, "&rejected=\(generation)")
                #expect(served.status == 200, "\(served.body)")
                let holder = try await bench.simulator.holder(of: try #require(served.text("access_token")))
                #expect(holder == "first")
                #expect(try #require(served.number("generation")) > generation)

                // In use: refused. Back to the former one: then it can go.
                let refused = try await bench.bursar("credential", "retire", second)
                #expect(refused.status == 4 && refused.output.contains(Bench.tenant), "\(refused.output)")
                try await bench.must("credential", "activate", first)
                try await waitForHolder("first", bench, gateway, client)
                let kept = try await connection(bench)
                #expect(kept["former_credential_id"] == second && kept["former_until"] != nil)
                try await bench.must("credential", "retire", second)
                #expect(try await connection(bench)["former_credential_id"] == nil)
                #expect(try await bench.bursar("credential", "show", second).status == 3)
                try await waitForHolder("first", bench, gateway, client)
            }
        }
    }

    @Test func whatTheProviderDoesNotTakeReplacesNothing() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("zertiban", id: "first")
            let before = try await connection(bench)["credential_id"]
            let wrong = try await set(bench, "second", secret: "wrong")
            #expect(wrong.status == 4, "\(wrong.output)")
            #expect(wrong.output.contains("invalid_client") && wrong.output.contains("nothing was changed"))
            try await bench.simulator.fault([
                "provider": "zertiban", "endpoint": "token", "kind": "status", "status": 503,
            ])
            let away = try await set(bench, "second")
            #expect(away.status == 4 && away.output.contains("--pending"), "\(away.output)")
            #expect(try await connection(bench)["credential_id"] == before)
            let list = try await bench.must("credential", "list", "--json")
            #expect(!list.contains("second"))

            // Without asking anybody: pending, then activated.
            let calls = try await bench.simulator.count("zertiban", "token")
            let pending = try await set(bench, "second", "--pending", "--overlap", "0s")
            #expect(pending.status == 0, "\(pending.output)")
            let shown = try Shown(pending.output)
            #expect(shown["state"] == "pending")
            #expect(try await connection(bench)["next_credential_id"] == shown["id"])
            let activated = try Shown(
                try await bench.must("credential", "activate", try #require(shown["id"]), "--json"))
            #expect(activated.retired == [before].compactMap(\.self))
            #expect(try await connection(bench)["credential_id"] == shown["id"])
            #expect(try await bench.simulator.count("zertiban", "token") == calls)
        }
    }
}
