// The server on a real socket: limits, lingering, the end.
import Logging
import Metrics
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import BursarHTTP

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    private let get = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    private let last = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    private let wait = "GET /v1/token HTTP/1.1\r\nHost: x\r\n\r\n"
    private let handler = ScriptedHandler()

    private func server(_ limits: HTTPLimits = HTTPLimits(), port: Int = 0) -> HTTPServer {
        HTTPServer(
            side: .merchant, host: "127.0.0.1", port: port, tls: nil, limits: limits, handler: handler,
            metrics: HTTPMetrics(side: .merchant, factory: NOOPMetricsHandler.instance),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
    }

    /// Runs a server around `body`, and stops it gracefully.
    private func serving(
        _ limits: HTTPLimits = HTTPLimits(), _ body: (Int, ServiceGroup) async throws -> Void
    ) async throws {
        let server = server(limits)
        let port = try await server.bind()
        let group = ServiceGroup(services: [server], logger: Logger(label: "test"))
        async let running: Void = group.run()
        let result: Result<Void, any Error>
        do {
            try await body(port, group)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await group.triggerGracefulShutdown()
        try await running
        #expect(server.boundPort == nil)
        try result.get()
    }

    @Test func answersOverASocket() async throws {
        try await serving { port, _ in
            let client = try await RawClient.connect(port: port)
            try await client.send(get + get + last)
            #expect(statusCodes(in: try await client.everything.get()) == [200, 200, 200])
        }
    }

    @Test func whoLeavesAcceptsOnAndEndsEachConnectionWithItsAnswer() async throws {
        let server = server()
        let port = try await server.bind()
        let group = ServiceGroup(services: [server], logger: Logger(label: "test"))
        async let running: Void = group.run()
        server.announceLeaving()
        for _ in 0..<2 {
            let client = try await RawClient.connect(port: port)
            try await client.send(get)
            let answer = try await client.everything.get()
            #expect(statusCodes(in: answer) == [200] && answer.contains("Connection: close\r\n"))
        }
        await group.triggerGracefulShutdown()
        try await running
    }

    @Test func answersEachOfManyPipelinedRequests() async throws {
        try await serving { port, _ in
            let client = try await RawClient.connect(port: port)
            try await client.send(String(repeating: get, count: 2_000) + last)
            #expect(statusCodes(in: try await client.everything.get()).count == 2_001)
        }
    }

    /// The first answer fills the channel, and sending it makes the room in which the second one is written.
    @Test func anAnswerBehindALargeOneIsSent() async throws {
        try await serving { port, _ in
            let client = try await RawClient.connect(port: port)
            try await client.send(get.replacing("/livez", with: "/metrics") + last)
            #expect(statusCodes(in: try await client.everything.get()).count == 2)
        }
    }

    @Test func megabyteOfHeadersGetsItsAnswer() async throws {
        try await serving { port, _ in
            let client = try await RawClient.connect(port: port)
            let field = "X: " + String(repeating: "a", count: 1_048_576) + "\r\n\r\n"
            client.sendAnyway("GET /livez HTTP/1.1\r\nHost: x\r\n" + field)
            let answer = try await client.everything.get()
            #expect(statusCodes(in: answer) == [431])
            #expect(answer.hasSuffix("}"))
        }
    }

    @Test(arguments: ["Content-Length: 10485760", "Transfer-Encoding: chunked"])
    func tenMegabytesOfBodyGetTheirAnswer(framing: String) async throws {
        try await serving { port, _ in
            let client = try await RawClient.connect(port: port)
            let body = "A00000\r\n" + String(repeating: "a", count: 10_485_760) + "\r\n0\r\n\r\n"
            client.sendAnyway("POST /oauth2/token HTTP/1.1\r\nHost: x\r\n\(framing)\r\n\r\n" + body)
            let answer = try await client.everything.get()
            #expect(statusCodes(in: answer) == [413])
            #expect(answer.hasSuffix("}"))
        }
    }

    @Test func moreThanTheLingeringLimitIsCutOff() async throws {
        var limits = HTTPLimits()
        limits.lingerBytes = 1_000_000
        try await serving(limits) { port, _ in
            let client = try await RawClient.connect(port: port)
            try await client.send(
                "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
            client.sendAnyway(ByteBuffer(repeating: 0x61, count: 50_000_000))
            #expect(statusCodes(in: try await client.everything.get()).first == 413)
        }
    }

    @Test func garbageGetsItsAnswer() async throws {
        try await serving { port, _ in
            let client = try await RawClient.connect(port: port)
            try await client.send("\u{16}\u{3}\u{1}\u{2}\u{0}hello\r\n\r\n")
            let answer = try await client.everything.get()
            #expect(statusCodes(in: answer) == [400])
            #expect(answer.hasSuffix("}"))
        }
    }

    @Test func slowHeadIsGivenUp() async throws {
        var limits = HTTPLimits()
        limits.head = .milliseconds(50)
        try await serving(limits) { port, _ in
            let client = try await RawClient.connect(port: port)
            try await client.send("GET /livez HTT")
            #expect(statusCodes(in: try await client.everything.get()) == [408])
        }
    }

    @Test func slowReaderIsGivenUp() async throws {
        var limits = HTTPLimits()
        limits.write = .milliseconds(200)
        try await serving(limits) { port, _ in
            let client = try await RawClient.connect(port: port)
            try await client.channel.setOption(.autoRead, value: false).get()
            // Enough answers to fill the buffers of the kernel on both ends.
            let large = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
            client.sendAnyway(String(repeating: large, count: 10_000))
            // The server's end is noticed though nothing is read: by the reset that its unread input causes.
            try await client.channel.closeFuture.get()
        }
    }

    @Test func callerThatGoesCancelsItsWait() async throws {
        try await serving { port, _ in
            let client = try await RawClient.connect(port: port)
            try await client.send(wait)
            var arrivals = handler.arrivals.makeAsyncIterator()
            await arrivals.next()
            try await client.channel.close()
            var cancellations = handler.cancellations.makeAsyncIterator()
            await cancellations.next()
            #expect(handler.cancelledCount == 1)
            handler.answerWaiting("nobody hears it")
        }
    }

    @Test func answerFromAnotherThreadArrives() async throws {
        try await serving { port, _ in
            let client = try await RawClient.connect(port: port)
            try await client.send(wait + last)
            var arrivals = handler.arrivals.makeAsyncIterator()
            await arrivals.next()
            handler.answerWaiting("from a task")
            let answer = try await client.everything.get()
            #expect(answer.contains("\r\n\r\nfrom a taskHTTP/1.1 200 OK"))
        }
    }

    @Test func oneConnectionTooManyIsClosed() async throws {
        var limits = HTTPLimits()
        limits.connections = 1
        try await serving(limits) { port, _ in
            let first = try await RawClient.connect(port: port)
            try await first.send(get)
            #expect(statusCodes(in: await first.receive("GET")) == [200])
            let second = try await RawClient.connect(port: port)
            #expect(try await second.everything.get() == "")
            try await first.send(last)
            _ = try await first.everything.get()
        }
    }

    @Test func stoppingAnswersWhatIsUnderWayAndClosesTheRest() async throws {
        try await serving { port, group in
            let busy = try await RawClient.connect(port: port)
            let idle = try await RawClient.connect(port: port)
            try await idle.send(get)
            #expect(statusCodes(in: await idle.receive("GET")) == [200])
            try await busy.send(wait)
            var arrivals = handler.arrivals.makeAsyncIterator()
            await arrivals.next()
            await group.triggerGracefulShutdown()
            _ = try await idle.everything.get()
            await #expect(throws: (any Error).self) { try await RawClient.connect(port: port) }
            handler.answerWaiting("last")
            let answer = try await busy.everything.get()
            #expect(answer.contains("Connection: close\r\n"))
            #expect(answer.hasSuffix("last"))
        }
    }

    @Test func stoppingDoesNotWaitForEver() async throws {
        var limits = HTTPLimits()
        limits.drain = .milliseconds(100)
        try await serving(limits) { port, group in
            let client = try await RawClient.connect(port: port)
            try await client.send(wait)
            var arrivals = handler.arrivals.makeAsyncIterator()
            await arrivals.next()
            await group.triggerGracefulShutdown()
            #expect(try await client.everything.get() == "")
        }
    }

    @Test func takenPortIsNamedWithWhatToDo() async throws {
        try await serving { port, _ in
            let second = server(port: port)
            let error = await #expect(throws: HTTPServerError.self) { try await second.bind() }
            #expect(error == .portTaken(.merchant, host: "127.0.0.1", port: port))
            #expect(error?.description.contains("127.0.0.1:\(port) is taken") == true)
            #expect(error?.description.contains("BURSAR_HTTP_PORT") == true)
        }
    }

    @Test func foreignAddressIsNamed() async throws {
        let server = HTTPServer(
            side: .admin, host: "192.0.2.1", port: 0, tls: nil, handler: handler,
            metrics: HTTPMetrics(side: .admin, factory: NOOPMetricsHandler.instance),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        await #expect(throws: HTTPServerError.hostUnknown(.admin, host: "192.0.2.1", port: 0)) {
            try await server.bind()
        }
    }
}
