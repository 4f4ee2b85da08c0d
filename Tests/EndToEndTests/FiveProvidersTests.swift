// The main job: one tenant, five providers, one gateway.
import BursarTestSupport
import Testing

@Suite struct FiveProvidersTests {
    @Test func everyProviderGivesATokenThatItIssuedForTheTenant() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            for provider in Bench.providers { try await bench.connect(provider, id: "demo-\(provider)") }
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                for provider in Bench.providers {
                    let answer = try await gateway.token(client, "&provider=\(provider)&environment=sandbox")
                    #expect(answer.status == 200, "\(provider): \(answer.body)")
                    let token = try #require(answer.text("access_token"))
                    #expect(try await bench.simulator.holder(of: token) == "demo-\(provider)")
                    #expect(answer.text("business_uuid") == Bench.tenant)
                    #expect(answer.text("provider") == provider)
                    #expect(answer.text("environment") == "sandbox")
                    #expect(answer.text("token_type") == "Bearer")
                    #expect(answer.object["refresh_token"] == nil)
                    #expect(answer.header("Cache-Control") == "no-store")
                    #expect(answer.header("Pragma") == "no-cache")
                    #expect(answer.header("Referrer-Policy") == "no-referrer")
                    #expect(answer.header("RateLimit")?.hasPrefix("\"tenant\";r=") == true)
                    #expect(answer.header("RateLimit-Policy")?.hasPrefix("\"tenant\";q=") == true)
                }
            }
        }
    }

    @Test func theThreeShapesOfAnAnswerCarryTheSameToken() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("zatlas")
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                let oauth = try await gateway.token(client)
                let detailed = try await gateway.get("/v1/token", client)
                let payment = try await gateway.get("/api/payment-token", client)
                let token = try #require(oauth.text("access_token"))
                #expect(detailed.text("access_token") == token)
                #expect(payment.text("accessToken") == token)
                #expect(detailed.text("expires_at")?.hasSuffix("Z") == true)
                #expect(detailed.text("refresh_after")?.hasSuffix("Z") == true)
                #expect((3_590...3_600).contains(oauth.number("expires_in") ?? 0))
                #expect(try await bench.simulator.count("zatlas", "token") == 1)
            }
        }
    }

    @Test func fiveHundredColdRequestsCostOneExchangeThoughTheFirstHangsUp() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("zertiban")
            let client = try await bench.issueClient()
            try await bench.simulator.fault([
                "provider": "zertiban", "endpoint": "token", "kind": "delay", "ms": 400,
            ])
            try await bench.withGateway { gateway async throws in
                let first = Task { try await gateway.token(client) }
                try await until("the exchange is under way") {
                    try await bench.simulator.count("zertiban", "token") == 1
                }
                first.cancel()
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<499 { group.addTask { try await gateway.token(client).status } }
                    return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
                }
                #expect(statuses == [200: 499])
                #expect(try await bench.simulator.count("zertiban", "token") == 1)
            }
        }
    }

    @Test func aRestartWithGoodTokensAsksNoProvider() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            for provider in Bench.providers { try await bench.connect(provider) }
            let client = try await bench.issueClient()
            var tokens: [String: String] = [:]
            for round in 0..<3 {
                try await bench.withGateway { gateway async throws in
                    for provider in Bench.providers {
                        let answer = try await gateway.token(client, "&provider=\(provider)")
                        let token = try #require(answer.text("access_token"), "\(answer.body)")
                        #expect(tokens[provider] == nil || tokens[provider] == token)
                        tokens[provider] = token
                        #expect(try await bench.simulator.count(provider, "token") == 1)
                    }
                    // Killed the second time: what was stored must be enough without a farewell.
                    if round == 1 { gateway.program.signal(9) }
                }
            }
        }
    }
}
