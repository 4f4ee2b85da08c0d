// Where the client does not connect at all: refused addresses, names, certificates.
import BursarCore
import BursarTestSupport
import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import BursarProviders

@Suite struct HTTPProviderNetworkTests: ClientSuite {
    @Test(arguments: [
        "127.0.0.1", "localhost", "localhost.", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.1",
        "0",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    ])
    func loopbackIsRefusedInEverySpelling(_ host: String) async throws {
        try await withServer(StubServer.token) { server in
            for scheme in ["http", "https"] {
                let report = try await withClient(.publicOnly) { client in
                    await client.exchange(try grant("\(scheme)://\(host):\(server.port)"))
                }
                let reason = try #require(report.result.failure?.reason)
                // Resolvers differ in what they take for a number; none may lead to a connection.
                #expect([.addressRefused, .nameNotResolved].contains(reason))
            }
            #expect(server.connections == 0)
        }
    }

    @Test func plainHTTPIsForLoopbackOnlyAndNeverWithAList() async throws {
        try await withServer(StubServer.token) { server in
            let list = try NetworkPolicy(setting: "127.0.0.0/8")
            let report = try await withClient(list) { client in
                await client.exchange(try grant("http://127.0.0.1:\(server.port)"))
            }
            #expect(report.result.failure?.reason == .addressRefused)
            #expect(server.connections == 0)
        }
    }

    @Test func nameThatDoesNotResolve() async throws {
        let report = try await withClient { client in
            await client.exchange(try grant("https://nowhere.invalid", deadline: .seconds(2)))
        }
        let reason = try #require(report.result.failure?.reason)
        // A machine without a name server may take longer than the deadline to say so.
        #expect([.nameNotResolved, .timedOut].contains(reason))
    }

    func exchangeByTLS(host: String, trusting: Bool, certificateFor name: String) async throws
        -> FailureReason?
    {
        let authority = try TestAuthority()
        let folder = try ProfileFolder(["ca.pem": try authority.pem])
        let server = try await StubServer(tls: try authority.serverContext(host: name), StubServer.token)
        let report = try await withClient(.loopbackToo, authorities: trusting ? "\(folder.path)/ca.pem" : nil)
        { client in
            await client.exchange(try grant("https://\(host):\(server.port)"))
        }
        await server.stop()
        return report.result.failure?.reason
    }

    @Test func trustedCertificateForTheRightName() async throws {
        #expect(
            try await exchangeByTLS(host: "localhost", trusting: true, certificateFor: "localhost") == nil)
    }

    @Test func unknownAuthorityIsRefused() async throws {
        let reason = try await exchangeByTLS(host: "localhost", trusting: false, certificateFor: "localhost")
        #expect(reason == .tlsFailed)
    }

    @Test func certificateForAnotherNameIsRefused() async throws {
        let reason = try await exchangeByTLS(
            host: "localhost", trusting: true, certificateFor: "other.example")
        #expect(reason == .tlsFailed)
    }

    @Test func serverWithoutTLSIsRefused() async throws {
        try await withServer([.send("HTTP/1.1 400 Bad Request\r\n\r\n"), .close]) { server in
            let report = try await withClient { client in
                await client.exchange(try grant("https://127.0.0.1:\(server.port)", deadline: .seconds(2)))
            }
            let reason = try #require(report.result.failure?.reason)
            // The stub waits for a request that never comes in clear.
            #expect([.tlsFailed, .connectFailed, .timedOut, .connectionLost].contains(reason))
        }
    }

    @Test func badAuthorityFileIsSaidAtStart() throws {
        #expect(throws: CertificateFileError(path: "/nowhere.pem")) {
            try HTTPProviderClient(
                policy: .publicOnly, certificateAuthorities: "/nowhere.pem",
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        }
    }
}
