// A handler for tests of the server: some paths answer at once, one answers when the test says so.
import NIOCore
import Synchronization

@testable import BursarHTTP

final class ScriptedHandler: HTTPHandler {
    private struct Contents {
        var waiting: [HTTPResponder] = []
        var cancelled = 0
        var faults: [HTTPFault] = []
    }

    private let contents = Mutex(Contents())
    /// Told of each request that waits.
    let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation
    /// Told of each that is cancelled.
    let cancellations: AsyncStream<Void>
    private let cancel: AsyncStream<Void>.Continuation

    init() {
        (arrivals, arrived) = AsyncStream.makeStream()
        (cancellations, cancel) = AsyncStream.makeStream()
    }

    func route(_ path: Substring) -> Route { Route.allCases.first { $0.template == path } ?? .unknown }

    /// `/v1/token` waits, `/metrics` answers with a megabyte, `/version` with 401, and everything else says
    /// what it got.
    func handle(_ request: HTTPRequest, respond: HTTPResponder) -> (@Sendable () -> Void)? {
        guard request.route == .token else {
            switch request.route {
            case .metrics: respond(Self.megabyte)
            case .version: respond(HTTPResponse(.unauthorized, json: []))
            default: respond(Self.echo(request))
            }
            return nil
        }
        contents.withLock { $0.waiting.append(respond) }
        arrived.yield()
        return { [self] in
            contents.withLock { $0.cancelled += 1 }
            cancel.yield()
        }
    }

    func refuse(_ fault: HTTPFault, route: Route) -> HTTPResponse {
        contents.withLock { $0.faults.append(fault) }
        return fault.answer.response()
    }

    private static let megabyte = HTTPResponse(
        .ok, type: "text/plain", body: Array(repeating: UInt8(ascii: "a"), count: 1_048_576))

    private static func echo(_ request: HTTPRequest) -> HTTPResponse {
        let text = "\(request.method.name) \(request.route.template) \(request.query) "
        return HTTPResponse(.ok, type: "text/plain", body: Array(text.utf8) + request.body.readableBytesView)
    }

    /// Answers the request that waits longest.
    func answerWaiting(_ text: String) {
        let responder = contents.withLock { $0.waiting.removeFirst() }
        responder(HTTPResponse(.ok, type: "text/plain", body: Array(text.utf8)))
    }

    var waitingCount: Int { contents.withLock { $0.waiting.count } }
    var cancelledCount: Int { contents.withLock { $0.cancelled } }
    var faults: [HTTPFault] { contents.withLock { $0.faults } }
}
