// The statuses that Bursar answers with.

/// A closed set, with the line that each begins its answer with.
package enum HTTPStatus: Int, Sendable, CaseIterable {
    case ok = 200
    case badRequest = 400
    case unauthorized = 401
    case forbidden = 403
    case notFound = 404
    case methodNotAllowed = 405
    case requestTimeout = 408
    case contentTooLarge = 413
    case unsupportedMediaType = 415
    case tooManyRequests = 429
    case headerFieldsTooLarge = 431
    case serviceUnavailable = 503

    /// Always HTTP/1.1, which is also what an HTTP/1.0 request is answered with (RFC 9112 §2.3).
    var line: StaticString {
        switch self {
        case .ok: "HTTP/1.1 200 OK\r\n"
        case .badRequest: "HTTP/1.1 400 Bad Request\r\n"
        case .unauthorized: "HTTP/1.1 401 Unauthorized\r\n"
        case .forbidden: "HTTP/1.1 403 Forbidden\r\n"
        case .notFound: "HTTP/1.1 404 Not Found\r\n"
        case .methodNotAllowed: "HTTP/1.1 405 Method Not Allowed\r\n"
        case .requestTimeout: "HTTP/1.1 408 Request Timeout\r\n"
        case .contentTooLarge: "HTTP/1.1 413 Content Too Large\r\n"
        case .unsupportedMediaType: "HTTP/1.1 415 Unsupported Media Type\r\n"
        case .tooManyRequests: "HTTP/1.1 429 Too Many Requests\r\n"
        case .headerFieldsTooLarge: "HTTP/1.1 431 Request Header Fields Too Large\r\n"
        case .serviceUnavailable: "HTTP/1.1 503 Service Unavailable\r\n"
        }
    }

    /// `2xx`, `4xx` or `5xx`.
    package var family: StatusFamily {
        switch self {
        case .ok: .success
        case .serviceUnavailable: .serverError
        case .badRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed, .requestTimeout,
            .contentTooLarge, .unsupportedMediaType, .tooManyRequests, .headerFieldsTooLarge:
            .clientError
        }
    }
}

/// The class of a status, as metrics label it.
package enum StatusFamily: String, Sendable, CaseIterable {
    case success = "2xx"
    case clientError = "4xx"
    case serverError = "5xx"

    static let count = 3

    /// Its place among `allCases`.
    var place: Int {
        switch self {
        case .success: 0
        case .clientError: 1
        case .serverError: 2
        }
    }
}
