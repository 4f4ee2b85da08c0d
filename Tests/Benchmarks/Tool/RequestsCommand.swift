// So many requests and nothing else, for tools that count what a program does.
import ArgumentParser
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// The difference of two runs with different counts is what that many requests take: beginning and end are
/// the same for both.
struct RequestsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests",
        abstract: "Answer requests without a socket: by the gateway, or by a constant.")

    enum Server: String, ExpressibleByArgument, CaseIterable { case gateway, decoder }
    enum Method: String, ExpressibleByArgument, CaseIterable { case get, post }

    @Option var server: Server
    @Option var method: Method
    @Option var count: Int

    func run() throws {
        let bench = try RequestBench()
        let request = method == .get ? bench.get : bench.post
        let answer: (ByteBuffer) throws -> ByteBuffer?
        switch server {
        case .gateway: answer = bench.answer
        case .decoder:
            let channel = EmbeddedChannel()
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
            try pipeline.addHandler(ConstantHandler(answer: try bench.answer(request) ?? ByteBuffer()))
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            answer = {
                try channel.writeInbound($0)
                return try channel.readOutbound()
            }
        }
        for _ in 0..<count {
            guard try answer(request).map(RequestBench.isSuccess) == true else {
                throw ValidationError("a request has got no token")
            }
        }
    }
}
