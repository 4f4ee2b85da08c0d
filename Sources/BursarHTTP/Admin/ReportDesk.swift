// Makes reports for the admin side, a few at a time.
package import BursarCore
internal import Synchronization

/// Writes a report of any kind, piece by piece. BursarReports does it; the executable puts them together.
package typealias ReportProducer =
    @Sendable (
        ReportRequest, _ sink: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> Void

/// What the admin side needs to serve reports.
package struct ReportDesk: Sendable {
    let tokens: AdminTokens
    private let produce: ReportProducer
    private let places = Places()

    package init(tokens: AdminTokens, produce: @escaping ReportProducer) {
        self.tokens = tokens
        self.produce = produce
    }

    /// Reports under way at once.
    package static let limit = 4

    private final class Places: Sendable {
        let taken = Mutex(0)
    }

    /// Who asks, and for what.
    func request(_ request: HTTPRequest) throws(ReportFault) -> ReportRequest {
        guard let field = request.fields.authorization, !request.fields.repeated.contains(.authorization)
        else {
            throw .unauthenticated(wasTried: request.fields.authorization != nil)
        }
        guard let authorization = try? Authorization(field: field), authorization.scheme == .bearer,
            let bearer = tokens.bearer(of: authorization.secret.withBytes { Secret($0) })
        else { throw .unauthenticated(wasTried: true) }
        guard bearer.role.readsReports else { throw .notAllowed }
        return try ReportRequest(query: request.query)
    }

    /// Makes the report and answers with it. What is short is answered whole, with its length; what is long
    /// leaves while it is made, as fast as the caller takes it.
    func answer(_ request: ReportRequest, _ respond: HTTPResponder) async {
        let isTaken = places.taken.withLock { taken in
            guard taken < Self.limit else { return false }
            taken += 1
            return true
        }
        guard isTaken else { return respond(ReportFault.busy.answer.response()) }
        defer { places.taken.withLock { $0 -= 1 } }
        let body = ReportBody(respond, HTTPResponse(report: [], of: request))
        do {
            try await produce(request) { try await body.take($0) }
            await body.finish { HTTPResponse(report: $0, of: request) }
        } catch let error as ReportError {
            await body.fail(.report(error))
        } catch {
            await body.fail(.unavailable)
        }
    }
}

/// Holds back the beginning of an answer, in case that it is all of it or that making it fails.
private actor ReportBody {
    private let respond: HTTPResponder
    private let head: HTTPResponse
    private var held: [UInt8] = []
    private var hasBegun = false

    /// Bytes that are held back; afterwards, of one piece.
    private static let limit = 128 << 10

    init(_ respond: HTTPResponder, _ head: HTTPResponse) {
        self.respond = respond
        self.head = head
    }

    func take(_ piece: [UInt8]) async throws {
        held += piece
        guard held.count >= Self.limit else { return }
        try await flush()
    }

    private func flush() async throws {
        if !hasBegun {
            hasBegun = true
            try await respond.begin(head)
        }
        let piece = held
        held = []
        try await respond.send(piece)
    }

    func finish(_ whole: ([UInt8]) -> HTTPResponse) async {
        guard hasBegun else { return respond(whole(held)) }
        do {
            try await flush()
            respond.end(isWhole: true)
        } catch {
            respond.end(isWhole: false)
        }
    }

    func fail(_ fault: ReportFault) {
        if hasBegun { respond.end(isWhole: false) } else { respond(fault.answer.response()) }
    }
}
