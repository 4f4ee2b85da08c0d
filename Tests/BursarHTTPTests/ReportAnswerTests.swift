// Reports over HTTP: whole when short, in pieces when long, and never taken for whole when they are not.
import BursarCore
import BursarGateway
import Crypto
import Foundation
import InMemoryTracing
import Logging
import Metrics
import NIOCore
import NIOPosix
import Prometheus
import ServiceLifecycle
import Synchronization
import Testing
import Tracing

@testable import BursarHTTP

@Suite(.timeLimit(.minutes(1))) struct ReportAnswerTests {
    private struct Failure: Error {}

    /// What the reports hold, how often they were begun, and what became of them.
    private final class Script: Sendable {
        let pieces: Int
        let piece: [UInt8]
        let failsAfter: Int?
        let sent = Mutex(0)
        let ends: AsyncStream<Bool>
        private let ended: AsyncStream<Bool>.Continuation

        init(pieces: Int, of size: Int, failsAfter: Int? = nil) {
            self.pieces = pieces
            self.failsAfter = failsAfter
            piece = Array(repeating: UInt8(ascii: "x"), count: size)
            (ends, ended) = AsyncStream.makeStream()
        }

        func produce(_ sink: @Sendable ([UInt8]) async throws -> Void) async throws {
            do {
                for number in 0..<pieces {
                    if number == failsAfter { throw Failure() }
                    try await sink(piece)
                    sent.withLock { $0 += 1 }
                }
                ended.yield(true)
            } catch {
                ended.yield(false)
                throw error
            }
        }
    }

    private func serving(
        _ script: Script, limits: HTTPLimits = HTTPLimits(), tracer: (any Tracer)? = nil,
        _ body: (Int) async throws -> Void
    ) async throws {
        let digest = hexText(Array(SHA256.hash(data: Array("sesame".utf8))))
        let registry = PrometheusRegistry()
        let desk = ReportDesk(tokens: try AdminTokens("finance:anna:\(digest)\n", name: "tokens")) {
            try await script.produce($1)
        }
        let server = HTTPServer(
            side: .admin, host: "127.0.0.1", port: 0, tls: nil, limits: limits,
            handler: AdminHandler(
                registry: registry, version: BuildVersion(version: "0", commit: "test"), reports: desk,
                readiness: { .ready }),
            metrics: HTTPMetrics(side: .admin, factory: NOOPMetricsHandler.instance),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"),
            tracer: tracer)
        let port = try await server.bind()
        let group = ServiceGroup(services: [server], logger: Logger(label: "test"))
        async let running: Void = group.run()
        let result: Result<Void, any Error>
        do {
            try await body(port)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await group.triggerGracefulShutdown()
        try await running
        try result.get()
    }

    private func request(
        _ method: String = "GET", version: String = "1.1", query: String = "period=2026-10",
        closes: Bool = true
    ) -> String {
        "\(method) /reports/usage?\(query) HTTP/\(version)\r\nHost: x\r\nAuthorization: Bearer sesame\r\n"
            + (closes ? "Connection: close\r\n" : "") + "\r\n"
    }

    private func body(_ answer: String) -> Substring {
        answer.range(of: "\r\n\r\n").map { answer[$0.upperBound...] } ?? ""
    }

    /// RFC 9112 section 7.1; nil when the last chunk is missing.
    private func unchunked(_ body: Substring) -> String? {
        var (rest, text) = (body, "")
        while let end = rest.range(of: "\r\n"), let size = Int(rest[..<end.lowerBound], radix: 16) {
            if size == 0 { return text }
            let piece = rest[end.upperBound...].prefix(size)
            text += piece
            rest = rest[end.upperBound...].dropFirst(size + 1)  // to Swift, CRLF is one character
        }
        return nil
    }

    @Test func aShortReportHasItsLength() async throws {
        try await serving(Script(pieces: 3, of: 1_000)) { port in
            let client = try await RawClient.connect(port: port)
            try await client.send(request(closes: false) + request("HEAD"))
            let answers = try await client.everything.get()
            #expect(answers.components(separatedBy: "Content-Length: 3000\r\n").count == 3)
            #expect(answers.hasSuffix("\r\n\r\n") && answers.contains(String(repeating: "x", count: 3_000)))
        }
    }

    @Test func aLongReportComesInChunksAndTheConnectionGoesOn() async throws {
        try await serving(Script(pieces: 100, of: 10_007)) { port in
            let client = try await RawClient.connect(port: port)
            try await client.send(request(closes: false) + request())
            let answers = try await client.everything.get().components(separatedBy: "HTTP/1.1 200 OK\r\n")
            #expect(answers.count == 3)
            for answer in answers.dropFirst() {
                #expect(answer.contains("Transfer-Encoding: chunked\r\n"))
                #expect(!answer.contains("Content-Length"))
                #expect(unchunked(body(answer))?.count == 1_000_700)
            }
        }
    }

    @Test func http10GetsALongReportWithoutChunks() async throws {
        try await serving(Script(pieces: 100, of: 10_007)) { port in
            let client = try await RawClient.connect(port: port)
            try await client.send(request(version: "1.0"))
            let answer = try await client.everything.get()
            #expect(!answer.contains("chunked") && answer.contains("Connection: close\r\n"))
            #expect(body(answer).count == 1_000_700)
        }
    }

    @Test func headOfALongReportHasNoBody() async throws {
        try await serving(Script(pieces: 100, of: 10_007)) { port in
            let client = try await RawClient.connect(port: port)
            try await client.send(request("HEAD", closes: false) + request())
            let answers = try await client.everything.get().components(separatedBy: "HTTP/1.1 200 OK\r\n")
            try #require(answers.count == 3)
            #expect(body(answers[1]).isEmpty)
            #expect(unchunked(body(answers[2]))?.count == 1_000_700)
        }
    }

    @Test func aReportThatFailsAtOnceIsAnError() async throws {
        try await serving(Script(pieces: 9, of: 10, failsAfter: 5)) { port in
            let client = try await RawClient.connect(port: port)
            try await client.send(request())
            let answer = try await client.everything.get()
            #expect(answer.hasPrefix("HTTP/1.1 503 ") && !answer.contains("xx"))
        }
    }

    @Test func aReportThatFailsHalfwayIsNotWhole() async throws {
        let tracer = InMemoryTracer()
        try await serving(Script(pieces: 100, of: 10_000, failsAfter: 50), tracer: tracer) { port in
            let client = try await RawClient.connect(port: port)
            try await client.send(request(closes: false))
            let answer = try await client.everything.get()
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(unchunked(body(answer)) == nil)
        }
        // Ended once, and it says why.
        #expect(tracer.finishedSpans.count == 1)
        let reason = tracer.finishedSpans.first?.attributes["error.type"]?.toSpanAttribute()
        #expect(reason.map { "\($0)" }?.contains("truncated") == true)
    }

    @Test func whoGoesStopsTheWork() async throws {
        let script = Script(pieces: .max, of: 10_000)
        try await serving(script) { port in
            let client = try await RawClient.connect(port: port)
            try await client.send(request())
            _ = await client.receive("xxx")
            try await client.channel.close()
            var ends = script.ends.makeAsyncIterator()
            #expect(await ends.next() == false)
        }
    }

    @Test func whoReadsNothingCostsNoMemory() async throws {
        let script = Script(pieces: .max, of: 65_536)
        var limits = HTTPLimits()
        limits.write = .milliseconds(500)
        try await serving(script, limits: limits) { port in
            let client = try await RawClient.connect(port: port)
            try await client.channel.setOption(.autoRead, value: false).get()
            try await client.send(request())
            var ends = script.ends.makeAsyncIterator()
            #expect(await ends.next() == false)
            // What the kernel's socket buffers hold, and no more.
            #expect(script.sent.withLock { $0 } * 65_536 < 32 << 20)
            try await client.channel.close()
        }
    }

    @Test func theFifthAtATimeIsToldToComeBack() async throws {
        try await serving(Script(pieces: .max, of: 65_536)) { port in
            var clients: [RawClient] = []
            for _ in 0..<4 {
                let client = try await RawClient.connect(port: port)
                try await client.send(request())
                _ = await client.receive("xxx")
                try await client.channel.setOption(.autoRead, value: false).get()
                clients.append(client)
            }
            let fifth = try await RawClient.connect(port: port)
            try await fifth.send(request())
            let answer = try await fifth.everything.get()
            #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("Retry-After: 5\r\n"))
            for client in clients { try await client.channel.close() }
        }
    }

    @Test(arguments: [
        "period=2026-10&events=true&by=day", "period=2026-10&outcome=timed_out",
        "period=2026-10&events=true&outcome=nothing", "period=2026-10&client=", "period=2026-10&by=",
        "period=2026-10&events=true&client=brc_1",
        "period=2026-10&tenant=x", "period=2026-10&format=pdf",
        "period=2026-10&day=1&day=2", "period=%ff", "periode=2026-10",
    ])
    func whatIsNotUnderstoodIsRefused(_ query: String) async throws {
        try await serving(Script(pieces: 1, of: 1)) { port in
            let client = try await RawClient.connect(port: port)
            try await client.send(request(query: query))
            #expect(try await client.everything.get().hasPrefix("HTTP/1.1 400 "))
        }
    }
}
