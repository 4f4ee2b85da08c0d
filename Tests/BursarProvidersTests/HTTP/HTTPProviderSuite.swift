// What the suites of the HTTP client share: a client, a server, a grant.
import BursarCore
import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import BursarProviders

protocol ClientSuite {}

extension ClientSuite {
    /// A client for one test, shut down when it ends.
    func withClient<R>(
        _ policy: NetworkPolicy = .loopbackToo, authorities: String? = nil,
        _ body: (HTTPProviderClient) async throws -> R
    ) async throws -> R {
        let client = try HTTPProviderClient(
            policy: policy, certificateAuthorities: authorities,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        let result: R
        do {
            result = try await body(client)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
        return result
    }

    func withServer<R>(_ steps: [StubServer.Step], _ body: (StubServer) async throws -> R) async throws -> R {
        let server = try await StubServer(steps)
        let result: R
        do {
            result = try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
        return result
    }

    func grant(_ base: String, deadline: Duration = .seconds(5)) throws -> TokenGrant {
        let profile = ProviderProfile(
            id: try #require(ProviderID("test")), name: "Test", environments: [.sandbox: base],
            token: TokenEndpoint(path: "/token?q=1", authentication: .body))
        return TokenGrant(
            profile: profile, environment: .sandbox, clientID: "id", clientSecret: Secret("a+b"), scope: nil,
            step: .full, deadline: deadline)
    }

    /// One exchange with a server that does `steps`.
    func exchange(
        _ steps: [StubServer.Step], deadline: Duration = .seconds(5)
    ) async throws -> ExchangeReport<TokenReply> {
        try await withServer(steps) { server in
            try await withClient { client in
                await client.exchange(try grant("http://127.0.0.1:\(server.port)", deadline: deadline))
            }
        }
    }
}
