// The provider simulator as a test steers and questions it.
import BursarTestSupport
import Crypto
import Foundation
import Testing

struct Simulator: Sendable {
    let url: String

    static func lend<R: Sendable>(
        in folder: TemporaryFolder, certificates: Bench.Certificates? = nil,
        _ body: (Simulator) async throws -> R
    ) async throws -> R {
        var arguments = ["--port", "0"]
        if let certificates {
            arguments += ["--tls-certificate", certificates.certificate, "--tls-key", certificates.key]
        }
        let program = try RunningProgram(Executables.simulator, arguments)
        do {
            let line = await program.line(containing: "listening on ")
            let found = try #require(line, "the simulator did not start: \(program.output)")
            var url = String(found.dropFirst("listening on ".count))
            if certificates != nil { url = url.replacing("127.0.0.1", with: "localhost") }
            let result = try await body(Simulator(url: url))
            await program.stop()
            return result
        } catch {
            await program.stop()
            throw error
        }
    }

    func know(_ provider: String, id: String, secret: String) async throws {
        try await control(
            "PUT", "credentials", ["provider": provider, "client_id": id, "client_secret": secret])
    }

    func fault(_ members: [String: any Sendable]) async throws {
        try await control("POST", "faults", members)
    }
    func clearFaults() async throws { try await control("DELETE", "faults", [:]) }

    func set(_ what: String, _ members: [String: any Sendable]) async throws {
        try await control("PUT", what, members)
    }

    private func control(_ method: String, _ path: String, _ members: [String: any Sendable]) async throws {
        let body = String(decoding: try JSONSerialization.data(withJSONObject: members), as: UTF8.self)
        let answer = try await HTTP.json(method, "\(url)/_control/\(path)", body)
        try #require((200..<300).contains(answer.status), "\(path): \(answer.body)")
    }

    /// How often an endpoint was asked: `requests`, `issued`, `refused`, `faulted`.
    func count(_ provider: String, _ endpoint: String, _ what: String = "requests") async throws -> Int {
        let counts = try await HTTP.get("\(url)/_control/counts").object
        let endpoints = try #require(counts[provider] as? [String: [String: Int]])
        return endpoints[endpoint]?[what] ?? 0
    }

    /// The id to which the simulator issued this token; nil when it did not.
    func holder(of token: String) async throws -> String? {
        let digest = SHA256.hash(data: Data(token.utf8)).map { String(format: "%02x", $0) }.joined()
        let answer = try await HTTP.get("\(url)/_control/tokens/\(digest)")
        return answer.text("client_id")
    }

    func revoke(_ token: String) async throws {
        let digest = SHA256.hash(data: Data(token.utf8)).map { String(format: "%02x", $0) }.joined()
        try await control("POST", "tokens/revoke", ["sha256": digest])
    }
}
