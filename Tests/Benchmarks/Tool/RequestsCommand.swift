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
    @Option(help: "A multiple of 16, so many connections take their turn together.") var count: Int

    func run() throws {
        let bench = try RequestBench()
        let request = method == .get ? bench.get : bench.post
        switch server {
        case .gateway:
            for _ in 0..<count / RequestBench.connections {
                try bench.answers(to: request, RequestBench.check)
            }
        case .decoder:
            let channel = EmbeddedChannel()
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
            var constant = ByteBuffer()
            try bench.answers(to: request) { constant = $0 ?? constant }
            try pipeline.addHandler(ConstantHandler(answer: constant))
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            for _ in 0..<count {
                try channel.writeInbound(request)
                try RequestBench.check(try channel.readOutbound())
            }
        }
    }
}
