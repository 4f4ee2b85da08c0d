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
    private static let limit = 4
    /// Bytes of one answer. What is larger is a file, and the command line writes those.
    private static let bodyLimit = 32 << 20

    private final class Places: Sendable {
        let taken = Mutex(0)
    }

    private struct TooLarge: Error {}

    /// Who asks, and for what.
    func request(_ request: HTTPRequest) throws(ReportFault) -> ReportRequest {
        guard let field = request.fields.authorization, !request.fields.repeated.contains(.authorization)
        else {
            throw .unauthenticated(wasTried: request.fields.authorization != nil)
        }
        guard let authorization = try? Authorization(field: field), authorization.scheme == .bearer,
            let bearer = tokens.bearer(of: authorization.secret)
        else { throw .unauthenticated(wasTried: true) }
        guard bearer.role.readsReports else { throw .notAllowed }
        return try ReportRequest(query: request.query)
    }

    func report(_ request: ReportRequest) async -> Result<[UInt8], ReportFault> {
        let isTaken = places.taken.withLock { taken in
            guard taken < Self.limit else { return false }
            taken += 1
            return true
        }
        guard isTaken else { return .failure(.busy) }
        defer { places.taken.withLock { $0 -= 1 } }
        let body = Body()
        do {
            try await produce(request) { piece in
                guard body.append(piece, limit: Self.bodyLimit) else { throw TooLarge() }
            }
            return .success(body.bytes)
        } catch let error as ReportError {
            return .failure(.report(error))
        } catch is TooLarge {
            return .failure(.tooLarge)
        } catch {
            return .failure(.unavailable)
        }
    }

    private final class Body: Sendable {
        private let gathered = Mutex<[UInt8]>([])
        var bytes: [UInt8] { gathered.withLock { $0 } }

        func append(_ piece: [UInt8], limit: Int) -> Bool {
            gathered.withLock { bytes in
                guard bytes.count + piece.count <= limit else { return false }
                bytes += piece
                return true
            }
        }
    }
}
