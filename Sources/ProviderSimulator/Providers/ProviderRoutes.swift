// Puts the providers' paths on the router.

import HTTPTypes
import Hummingbird

/// The outside world: one path for each thing that a provider offers, and 405 for other methods there.
struct ProviderRoutes: Sendable {
    let simulator: Simulator

    func add(to router: Router<SimulatorContext>) {
        for provider in Provider.allCases {
            for endpoint in Endpoint.allCases {
                add(provider, endpoint, to: router)
            }
            if let path = provider.rules.keySetPath {
                let keySet = simulator.signer.keySet
                router.route("/\(provider.rawValue)\(path)", .get) { _, _ in .json(200, keySet) }
            }
        }
    }

    private func add(_ provider: Provider, _ endpoint: Endpoint, to router: Router<SimulatorContext>) {
        guard let path = provider.rules.path(endpoint) else { return }
        router.route("/\(provider.rawValue)\(path)", endpoint == .check ? .get : .post) { request, _ in
            let body = try await ReceivedRequest.body(of: request)
            let received = body.map { ReceivedRequest(head: request.head, body: $0) }
            return try await simulator.answer(Call(provider: provider, endpoint: endpoint, request: received))
        }
    }
}

extension Router<SimulatorContext> {
    /// One method at one path; every other method there is answered with 405 and `Allow`.
    func route(
        _ path: String, _ method: HTTPRequest.Method,
        _ handle: @escaping @Sendable (Request, SimulatorContext) async throws -> Reply
    ) {
        route(path, [method: handle])
    }

    func route(
        _ path: String,
        _ handlers: [HTTPRequest.Method: @Sendable (Request, SimulatorContext) async throws -> Reply]
    ) {
        let all: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
        let allowed = handlers.keys.map(\.rawValue).sorted().joined(separator: ", ")
        for method in all {
            let handle = handlers[method]
            on(RouterPath(path), method: method) { request, context in
                let sender = ReplySender(channel: context.channel)
                guard let handle else {
                    let object = JSONObject([("error", .string("method_not_allowed"))])
                    return try await sender.response(to: .json(405, object, headers: [.allow: allowed]))
                }
                return try await sender.response(to: try await handle(request, context))
            }
        }
    }
}
