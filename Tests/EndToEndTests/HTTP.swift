// A plain HTTP client for tests, so that what goes over the wire is what the test says.
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOPosix
import NIOSSL

enum HTTP {
    struct Answer: Sendable {
        let status: Int
        let headers: [(name: String, value: String)]
        let body: String

        func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        /// The member of the answer's JSON object, as text.
        func text(_ member: String) -> String? { object[member] as? String }
        func number(_ member: String) -> Int? { object[member] as? Int }

        var object: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
        }
    }

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 600
        configuration.redirectConfiguration = .disallow
        // Tests that are about certificates use clients that check them.
        configuration.tlsConfiguration = .makeClientConfiguration()
        configuration.tlsConfiguration?.certificateVerification = .none
        return HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration)
    }()

    static func get(_ url: String, bearer: String? = nil, headers: [String: String] = [:]) async throws
        -> Answer
    {
        var request = HTTPClientRequest(url: url)
        if let bearer { request.headers.add(name: "Authorization", value: "Bearer " + bearer) }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        return try await send(request)
    }

    static func post(
        _ url: String, _ form: String, basic: (String, String)? = nil, bearer: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send(
            "POST", url, form, type: "application/x-www-form-urlencoded", basic: basic, bearer: bearer,
            headers: headers)
    }

    static func json(_ method: String, _ url: String, _ body: String, bearer: String? = nil) async throws
        -> Answer
    {
        try await send(method, url, body, type: "application/json", bearer: bearer)
    }

    static func send(
        _ method: String, _ url: String, _ body: String, type: String, basic: (String, String)? = nil,
        bearer: String? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        request.headers.add(name: "Content-Type", value: type)
        if let basic {
            let pair = Data("\(basic.0):\(basic.1)".utf8).base64EncodedString()
            request.headers.add(name: "Authorization", value: "Basic " + pair)
        }
        if let bearer { request.headers.add(name: "Authorization", value: "Bearer " + bearer) }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(string: body))
        return try await send(request)
    }

    private static func send(_ request: HTTPClientRequest) async throws -> Answer {
        let response = try await client.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 16 << 20)
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
            body: String(buffer: body))
    }
}
