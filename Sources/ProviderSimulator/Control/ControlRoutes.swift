// The control interface: how tests set up the simulator and look into it. For this machine only.

import HTTPTypes
import Hummingbird

/// A control call, read.
struct ControlCall: Sendable {
    let query: FormBody
    let body: [UInt8]
    /// The last part of the path, where the route has a place for one.
    let subject: String?

    /// Query members beside these are refused.
    func allowQuery(_ names: String...) throws(ControlRefusal) {
        let unknown = query.names.filter { !names.contains($0) }
        guard unknown.isEmpty else {
            let known = names.isEmpty ? "none" : names.joined(separator: ", ")
            throw ControlRefusal(
                "unknown: \(unknown.joined(separator: ", ")); the query members here are: \(known)")
        }
    }

    /// Reads the members of the body; whatever `read` does not ask for is refused. The query must be empty.
    func members<Value>(
        _ read: (inout ControlMembers) throws(ControlRefusal) -> Value
    ) throws(ControlRefusal) -> Value {
        try allowQuery()
        var members = try ControlMembers(body)
        let value = try read(&members)
        try members.finish()
        return value
    }
}

/// The routes under `/_control`. Each handler is a function from a call to JSON.
struct ControlRoutes: Sendable {
    typealias Handler = @Sendable (ControlCall) throws(ControlRefusal) -> JSONValue

    let simulator: Simulator

    func add(to router: Router<SimulatorContext>) {
        add("credentials", [.put: putCredential, .delete: deleteCredential], to: router)
        add("counts", [.get: counts], to: router)
        add("log", [.get: log], to: router)
        add("tokens/revoke", [.post: revokeTokens], to: router)
        add("tokens/:subject", [.get: token], to: router)
        add("lifetimes", [.put: setLifetimes], to: router)
        add("clock", [.put: advanceClock, .get: clock], to: router)
        add("faults", [.post: addFault, .delete: clearFaults, .get: faults], to: router)
        add("reset", [.post: reset], to: router)
    }

    private func add(
        _ path: String, _ handlers: [HTTPRequest.Method: Handler], to router: Router<SimulatorContext>
    ) {
        router.route(
            "/_control/\(path)",
            handlers.mapValues { handler in
                { request, context in await reply(to: request, context, handler) }
            })
    }

    private func reply(to request: Request, _ context: SimulatorContext, _ handler: Handler) async -> Reply {
        do throws(ControlRefusal) {
            guard context.isLoopback else {
                throw ControlRefusal("the control interface answers this machine only", status: 403)
            }
            let call = try await read(request, subject: context.parameters.get("subject"))
            return Self.reply(200, try handler(call))
        } catch {
            let object = JSONObject([("error", .string("control")), ("message", .string(error.message))])
            return .json(error.status, object)
        }
    }

    private func read(_ request: Request, subject: String?) async throws(ControlRefusal) -> ControlCall {
        let body: [UInt8]?
        do {
            body = try await ReceivedRequest.body(of: request)
        } catch {
            throw ControlRefusal("the body could not be read")
        }
        guard let body else { throw ControlRefusal("the body is larger than 1 MiB", status: 413) }
        guard let query = try? FormBody(Array((request.uri.query ?? "").utf8)) else {
            throw ControlRefusal("the query is not name=value, form-encoded")
        }
        return ControlCall(query: query, body: body, subject: subject)
    }

    private static func reply(_ status: Int, _ value: JSONValue) -> Reply {
        let headers: HTTPFields = [.contentType: "application/json"]
        return Reply(status: status, headers: headers, body: .bytes(Array(value.text.utf8)))
    }

    /// What commands answer that have nothing to tell.
    static let done = JSONValue.object(JSONObject([("ok", .bool(true))]))
}
