// `/livez` and `/readyz`, which both sides answer alike.

internal import BursarGateway

enum HealthAnswers {
    /// The process runs and its event loops turn.
    static func live() -> HTTPResponse { answer(.ok, "alive") }

    /// Whether callers can be served. It stays so while PostgreSQL is down.
    static func ready(_ readiness: Gateway.Readiness) -> HTTPResponse {
        switch readiness {
        case .starting: answer(.serviceUnavailable, "starting")
        case .ready: answer(.ok, "ready")
        case .leaving: answer(.serviceUnavailable, "leaving")
        }
    }

    private static func answer(_ status: HTTPStatus, _ word: String) -> HTTPResponse {
        var json = JSONWriter(capacity: 32)
        json.member("status", word)
        var response = HTTPResponse(status, json: json.finished())
        response.add("Cache-Control", "no-store")
        return response
    }
}
