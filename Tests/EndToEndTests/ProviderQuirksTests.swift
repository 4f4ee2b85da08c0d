// What only one of the five does: refresh tokens, scoped tokens, platform credentials.
import BursarTestSupport
import Postgres
import Testing

@Suite struct ProviderQuirksTests {
    @Test func aRejectedTokenReportedByAHundredCallersIsRenewedOnce() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("paymentapi")
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                let token = try #require(try await gateway.token(client).text("access_token"))
                try await bench.simulator.revoke(token)
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<100 {
                        group.addTask { try await report(token, client, gateway).status }
                    }
                    for try await status in group { #expect(status == 200) }
                }
                #expect(try await bench.simulator.count("paymentapi", "refresh") == 1)
                #expect(try await bench.simulator.count("paymentapi", "token") == 1)
                let renewed = try #require(try await gateway.token(client).text("access_token"))
                #expect(renewed != token)
                // The former token is old news now.
                #expect(try await report(token, client, gateway).status == 200)
                #expect(try await bench.simulator.count("paymentapi", "refresh") == 1)
            }
        }
    }

    @Test func aFailingRefreshFallsBackToOneFullExchange() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("paymentapi")
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                let token = try #require(try await gateway.token(client).text("access_token"))
                try await bench.simulator.fault([
                    "provider": "paymentapi", "endpoint": "refresh", "kind": "status", "status": 401,
                ])
                #expect(try await report(token, client, gateway).status == 200)
                #expect(try await bench.simulator.count("paymentapi", "refresh") == 1)
                #expect(try await bench.simulator.count("paymentapi", "token") == 2)
                #expect(try await gateway.token(client).text("access_token") != token)
            }
        }
    }

    private func report(
        _ token: String, _ client: Bench.Client, _ gateway: RunningGateway
    ) async throws -> HTTP.Answer {
        try await HTTP.post(
            gateway.merchant + "/oauth2/revoke", "token=\(token)", basic: (client.id, client.secret))
    }

    @Test func scopedTokensOfTwoInvoicesNeverMix() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("alternative")
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                let tokens = try await withThrowingTaskGroup(of: (String, String).self) { group in
                    for invoice in 1...20 {
                        group.addTask {
                            let answer = try await scoped(
                                gateway, client, customer: "c", invoice: "i-\(invoice)")
                            return ("i-\(invoice)", try #require(answer.text("token"), "\(answer.body)"))
                        }
                    }
                    return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
                for (invoice, token) in tokens { #expect(try claims(of: token)["invoice_id"] == invoice) }
                #expect(Set(tokens.values).count == 20)
                #expect(try await bench.simulator.count("alternative", "token") == 1)
                let statements = try await bench.database.withConnection { connection in
                    try await connection.query(
                        "SELECT count(*) AS n FROM bursar.audit_event WHERE action = 'scoped_token.stated'")
                }
                #expect(try statements[0].decode("n", as: Int64.self) == 20)
            }
        }
    }

    @Test(arguments: ["invoice_id", "customer_id", "client_id"])
    func aScopedReplyWithAnotherClaimIsRefused(_ claim: String) async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("alternative")
            let client = try await bench.issueClient()
            try await bench.simulator.fault([
                "provider": "alternative", "endpoint": "scoped", "kind": "claim", "claim": claim,
                "value": "somebody-else",
            ])
            try await bench.withGateway { gateway async throws in
                let answer = try await scoped(gateway, client, customer: "c-1", invoice: "i-1")
                #expect(answer.status == 503)
                #expect(answer.text("error") == "temporarily_unavailable")
                #expect(answer.text("fault") == "provider")
                #expect(answer.object["token"] == nil)
            }
        }
    }

    @Test func aScopedTokenNeedsItsStatement() async throws {
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.connect("alternative")
            let client = try await bench.issueClient()
            try await bench.withGateway { gateway async throws in
                let answer = try await HTTP.json(
                    "POST", gateway.merchant + "/v1/checkout-auth/init",
                    #"{"customer_id":"c-1","invoice_id":"i-1"}"#, bearer: client.secret)
                #expect(answer.status == 400)
                #expect(answer.text("error") == "invalid_request")
                #expect(answer.text("error_description")?.contains("subject") == true)
                #expect(try await bench.simulator.count("alternative", "scoped") == 0)
            }
        }
    }

    private func scoped(
        _ gateway: RunningGateway, _ client: Bench.Client, customer: String, invoice: String
    ) async throws -> HTTP.Answer {
        try await HTTP.json(
            "POST", gateway.merchant + "/v1/checkout-auth/init",
            #"{"customer_id":"\#(customer)","invoice_id":"\#(invoice)","subject":"user-1"}"#,
            bearer: client.secret)
    }

    @Test func aPlatformTokenGoesOnlyToAClientThatActsForAll() async throws {
        let other = "8c0b6f0e-3d5c-4b8e-9a53-5d1f2f6f7a02"
        try await Bench.lend { bench async throws in
            try await bench.addTenant()
            try await bench.addTenant(other)
            try await bench.connect("zertiban", tenants: [Bench.tenant, other])
            let forOne = try await bench.issueClient()
            let forBoth = try await bench.issueClient([Bench.tenant, other])
            try await bench.withGateway { gateway async throws in
                let refused = try await gateway.get("/v1/token", forOne)
                #expect(refused.status == 403 && refused.text("error") == "unauthorized_client")
                for tenant in [Bench.tenant, other] {
                    let answer = try await HTTP.get(
                        gateway.merchant + "/v1/token", bearer: forBoth.secret,
                        headers: ["x-tenant-id": tenant])
                    #expect(answer.status == 200, "\(answer.body)")
                    #expect(answer.text("business_uuid") == tenant)
                }
                #expect(try await bench.simulator.count("zertiban", "token") == 1)
            }
        }
    }
}
