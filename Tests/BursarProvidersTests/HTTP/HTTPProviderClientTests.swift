// The client against servers that answer as they should, and callers that leave.
import BursarCore
import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import BursarProviders

@Suite struct HTTPProviderClientTests: ClientSuite {
    @Test func goodReplyIsAToken() async throws {
        try await withServer(StubServer.token) { server in
            try await withClient { client in
                let report = await client.exchange(try grant("http://127.0.0.1:\(server.port)"))
                let token = try report.result.get()
                #expect(token.accessToken == Secret("tok"))
                #expect(token.lifetime == .seconds(300))
                #expect(report.status == 200)
                #expect(report.latency > .zero)
                let request = try #require(server.requests.first)
                #expect(request.head.hasPrefix("POST /token?q=1 HTTP/1.1\r\n"))
                #expect(request.body == "grant_type=client_credentials&client_id=id&client_secret=a%2Bb")
                let names = request.head.split(separator: "\r\n").dropFirst()
                    .map { $0.prefix { $0 != ":" }.lowercased() }
                #expect(
                    Set(names) == ["host", "accept", "user-agent", "content-type", "content-length"])
            }
        }
    }

    @Test func connectionIsKeptForTheNextRequest() async throws {
        try await withServer(StubServer.token) { server in
            try await withClient { client in
                for _ in 0..<3 {
                    let report = await client.exchange(try grant("http://127.0.0.1:\(server.port)"))
                    #expect(report.result.failure == nil)
                }
                #expect(server.connections == 1)
                #expect(server.requests.count == 3)
            }
        }
    }

    @Test func manyAtOnce() async throws {
        try await withServer(StubServer.token) { server in
            try await withClient { client in
                let grant = try grant("http://localhost:\(server.port)")
                let failures = await withTaskGroup(of: FailureReason?.self) { group in
                    for _ in 0..<100 { group.addTask { await client.exchange(grant).result.failure?.reason } }
                    return await group.reduce(into: [FailureReason]()) { failures, failure in
                        if let failure { failures.append(failure) }
                    }
                }
                #expect(failures == [])
                #expect(server.requests.count == 100)
            }
        }
    }

    @Test func nextAddressIsTriedWhenOneDoesNotConnect() async throws {
        try await withServer(StubServer.token) { server in
            try await withClient { client in
                let report = await client.exchange(try grant("http://localhost:\(server.port)"))
                #expect(report.result.failure == nil)
                #expect(server.requests.first?.head.contains("\r\nhost: localhost:\(server.port)") == true)
            }
        }
    }

    @Test func incompleteProfileAsksNobody() async throws {
        let report = try await withClient { client in
            var grant = try grant("https://x.example")
            var profile = grant.profile
            profile.token.path = nil
            grant = TokenGrant(
                profile: profile, environment: .sandbox, clientID: "id", clientSecret: Secret("s"),
                scope: nil,
                step: .full, deadline: .seconds(1))
            return await client.exchange(grant)
        }
        #expect(report.result.failure?.reason == .profileIncomplete)
    }

    @Test func cancelledCallerEndsItsRequest() async throws {
        try await withServer([]) { server in
            try await withClient { client in
                let grant = try grant("http://127.0.0.1:\(server.port)", deadline: .seconds(30))
                let task = Task { await client.exchange(grant) }
                while server.requests.isEmpty { await Task.yield() }
                task.cancel()
                let report = await task.value
                #expect(report.result.failure?.reason == .stopping)
            }
        }
    }

    @Test func shutdownEndsRequestsAndRefusesNewOnes() async throws {
        try await withServer([]) { server in
            try await withClient { client in
                let grant = try grant("http://127.0.0.1:\(server.port)", deadline: .seconds(30))
                async let running = client.exchange(grant)
                while server.requests.isEmpty { await Task.yield() }
                await client.shutdown()
                #expect(await running.result.failure?.reason == .stopping)
                #expect(await client.exchange(grant).result.failure?.reason == .stopping)
            }
        }
    }

    @Test func scopedStepCarriesTheToken() async throws {
        let claims = Data(#"{"customer_id":"c1","exp":4000000000}"#.utf8).base64EncodedString()
            .replacing("=", with: "")
        let token = "e30.\(claims).sig"
        try await withServer(StubServer.reply("200 OK", "{\"token\":\"\(token)\"}")) { server in
            try await withClient { client in
                var profile = try grant("http://127.0.0.1:\(server.port)").profile
                let customer = TemplatedValue("customer_id", try #require(Template("{customer_id}")))
                profile.scoped = ScopedEndpoint(path: "/init", parameters: [customer], claims: [customer])
                let report = await client.scopedToken(
                    ScopedGrant(
                        profile: profile, environment: .sandbox, accessToken: Secret("first"),
                        values: ["customer_id": "c1"], deadline: .seconds(5),
                        now: Instant(seconds: 3_999_999_940)))
                #expect(try report.result.get().lifetime == .seconds(60))
                let request = try #require(server.requests.first)
                #expect(request.head.contains("Authorization: Bearer first"))
                #expect(request.body == #"{"customer_id":"c1"}"#)
            }
        }
    }
}
