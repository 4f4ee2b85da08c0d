// The client against servers that answer badly, late and never.
import BursarCore
import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import BursarProviders

@Suite struct HTTPProviderFaultTests: ClientSuite {
    @Test func redirectIsNotFollowed() async throws {
        try await withServer(StubServer.token) { target in
            let location = "Location: http://127.0.0.1:\(target.port)/"
            for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
                let report = try await exchange(StubServer.reply(status, "", headers: [location]))
                #expect(report.result.failure?.reason == .redirectRefused)
            }
            #expect(target.connections == 0)
        }
    }

    @Test func dripEndsByTheDeadline() async throws {
        var steps: [StubServer.Step] = [.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")]
        for _ in 0..<400 { steps += [.wait(.milliseconds(25)), .send(" ")] }
        let report = try await exchange(steps, deadline: .seconds(2))
        #expect(report.result.failure?.reason == .timedOut)
        #expect(report.status == 200)
        #expect(report.latency >= .seconds(2))
    }

    @Test func silenceEndsByTheDeadline() async throws {
        let report = try await exchange([], deadline: .milliseconds(300))
        #expect(report.result.failure?.reason == .timedOut)
        #expect(report.status == nil)
        #expect(report.latency >= .milliseconds(300))
    }

    @Test func hugeReplyIsCutOff() async throws {
        let declared = try await exchange(
            [
                .send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"),
                .send(String(repeating: "x", count: 99_999)),
            ])
        #expect(declared.result.failure?.reason == .replyTooLarge)
        let chunk = "4000\r\n" + String(repeating: "x", count: 0x4000) + "\r\n"
        let chunked = try await exchange(
            [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
                + Array(repeating: .send(chunk), count: 64))
        #expect(chunked.result.failure?.reason == .replyTooLarge)
        #expect(chunked.status == 200)
    }

    @Test func replyOfJustTheLimitIsTaken() async throws {
        let token = #"{"access_token":"tok"}"#
        let padded = token + String(repeating: " ", count: 65_536 - token.utf8.count)
        #expect(try await exchange(StubServer.reply("200 OK", padded)).result.failure == nil)
        let over = try await exchange(StubServer.reply("200 OK", padded + " "))
        #expect(over.result.failure?.reason == .replyTooLarge)
    }

    @Test func refusalIsOneWhateverItsBody() async throws {
        let huge = String(repeating: "x", count: 100_000)
        let report = try await exchange(StubServer.reply("401 Unauthorized", huge))
        #expect(report.result.failure?.reason == .invalidClient)
        #expect(report.status == 401)
        let busy = try await exchange(
            StubServer.reply("429 Too Many Requests", huge, headers: ["Retry-After: 7"]))
        #expect(busy.result.failure == ExchangeFailure(.rateLimited, retryAfter: .seconds(7)))
    }

    @Test func connectionThatCloses() async throws {
        let atOnce = try await exchange([.close])
        #expect(atOnce.result.failure?.reason == .connectionLost)
        let inTheBody = try await exchange(
            [.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":\"tok\"}"), .close])
        let reason = try #require(inTheBody.result.failure?.reason)
        #expect([.connectionLost, .replyMalformed].contains(reason))
    }

    @Test func whatIsNotHTTP() async throws {
        let garbage = try await exchange([.send("SSH-2.0-OpenSSH_9.2\r\n\r\n"), .close])
        let reason = try #require(garbage.result.failure?.reason)
        #expect([.replyMalformed, .connectionLost].contains(reason))
        let header = "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 200_000) + "\r\n\r\n"
        let bomb = try await exchange([.send(header), .close])
        let bombReason = try #require(bomb.result.failure?.reason)
        #expect([.replyTooLarge, .replyMalformed, .connectionLost].contains(bombReason))
    }

    @Test func compressedReplyIsNotOpened() async throws {
        let reply = StubServer.reply("200 OK", "\u{1f}gz", headers: ["Content-Encoding: gzip"])
        #expect(try await exchange(reply).result.failure?.reason == .replyMalformed)
    }

    @Test func nobodyListens() async throws {
        let server = try await StubServer([])
        let port = server.port
        await server.stop()
        try await withClient { client in
            let report = await client.exchange(try grant("http://127.0.0.1:\(port)"))
            #expect(report.result.failure?.reason == .connectFailed)
            #expect(report.status == nil)
        }
    }
}
