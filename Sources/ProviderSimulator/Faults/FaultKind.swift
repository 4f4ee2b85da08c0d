// The catalogue of faults. A new one is one entry in `all`; reading, help and errors follow from it.

import HTTPTypes

/// A kind of fault: its name, and how its own members make an effect.
struct FaultKind: Sendable {
    let name: String
    let effect: @Sendable (inout ControlMembers) throws(ControlRefusal) -> FaultEffect

    init(
        _ name: String,
        _ effect: @escaping @Sendable (inout ControlMembers) throws(ControlRefusal) -> FaultEffect
    ) {
        self.name = name
        self.effect = effect
    }
}

extension FaultKind {
    static let all: [FaultKind] = [
        FaultKind("status") { (members) throws(ControlRefusal) in
            let status = Int(try members.integer("status", in: 200...599))
            let retryAfter = try members.optionalText("retry_after")
            let body = try members.optionalValue("body")
            return .instead { scene in
                scene.statusReply(status, retryAfter: retryAfter, body: body)
            }
        },
        FaultKind("delay") { (members) throws(ControlRefusal) in
            let delay = try members.milliseconds("ms")
            return .pace { $0.delay = delay }
        },
        FaultKind("hang") { _ in .instead { _ in .ending(.hung) } },
        FaultKind("close") { _ in .instead { _ in .ending(.dropped) } },
        FaultKind("garbage") { _ in
            .instead { scene in
                let headers: HTTPFields = [.contentType: "application/json"]
                return Reply(status: 200, headers: headers, body: .bytes(scene.random.bytes(512)))
            }
        },
        FaultKind("html") { _ in
            .instead { _ in
                let page =
                    "<!DOCTYPE html><html><body><h1>Down for maintenance</h1>\(echoMarker)</body></html>"
                let headers: HTTPFields = [.contentType: "text/html;charset=UTF-8"]
                return Reply(status: 200, headers: headers, body: .bytes(Array(page.utf8)))
            }
        },
        FaultKind("error_200") { (members) throws(ControlRefusal) in
            let error = try members.optionalText("error") ?? "server_error"
            return .instead { scene in
                let words = scene.provider.rules.words(.invalidRequest)
                return .json(
                    200, JSONObject([("error", .string(error)), ("error_description", .string(words))]))
            }
        },
        FaultKind("drip") { (members) throws(ControlRefusal) in
            let pause = try members.milliseconds("ms_per_byte")
            return .pace { $0.pausePerByte = pause }
        },
        FaultKind("huge") { (members) throws(ControlRefusal) in
            let size = Int(try members.integer("bytes", in: 1...(1 << 32)))
            return .instead { _ in .huge(size) }
        },
        FaultKind("truncated") { _ in .bytes { $0.removeLast($0.count / 2) } },
        FaultKind("missing_token") { _ in
            .members {
                $0["access_token"] = nil
                $0["token"] = nil
            }
        },
        FaultKind("wrong_type") { (members) throws(ControlRefusal) in
            let field = try members.text("field")
            let value = try members.value("value")
            return .members { $0[field] = value }
        },
        FaultKind("expires_in") { (members) throws(ControlRefusal) in
            let value = try members.value("value")
            if case .string("missing") = value { return .members { $0["expires_in"] = nil } }
            return .members { $0["expires_in"] = value }
        },
        FaultKind("redirect") { (members) throws(ControlRefusal) in
            let location = try members.text("location")
            let status = Int(try members.optionalInteger("status", in: 300...399) ?? 307)
            return .instead { _ in Reply(status: status, headers: [.location: location]) }
        },
        FaultKind("invalid_client") { _ in
            .instead { scene in
                let refusal = Refusal(.invalidClient, "a fault")
                return scene.provider.rules.reply(to: refusal, at: scene.endpoint)
            }
        },
        FaultKind("claim") { (members) throws(ControlRefusal) in
            let claim = try members.text("claim")
            let value = try members.value("value")
            return .claims { claims, _ in claims.object[claim] = value }
        },
        FaultKind("scoped_expired") { _ in
            .claims { claims, now in
                claims.object["iat"] = .integer((now + -960).unixSeconds)
                claims.object["exp"] = .integer((now + -60).unixSeconds)
            }
        },
    ]
}

extension FaultScene {
    fileprivate func statusReply(_ status: Int, retryAfter: String?, body: JSONValue?) -> Reply {
        let words = JSONValue.string(provider.rules.words(.invalidRequest))
        let standard = JSONObject([("error", .string("server_error")), ("error_description", words)])
        var reply: Reply
        switch body {
        case nil: reply = .json(status, standard)
        case .string(let text):
            reply = Reply(status: status, headers: [.contentType: "text/plain;charset=UTF-8"])
            reply.body = .bytes(Array(text.utf8))
        case let value?:
            reply = .json(status, standard)
            reply.body = .bytes(Array(value.text.utf8))
        }
        if status == 204 || status == 304 { reply.body = .bytes([]) }
        reply.headers[.retryAfter] = retryAfter
        return reply
    }
}

extension Reply {
    /// A well-formed token answer of just this many bytes (at least those of its frame), streamed.
    fileprivate static func huge(_ size: Int) -> Reply {
        let before = Array(#"{"access_token":"huge","token_type":"Bearer","expires_in":300,"padding":""#.utf8)
        let after = Array(#""}"#.utf8)
        var reply = Reply(status: 200, headers: [.contentType: "application/json"])
        reply.body = .padded(before: before, padding: max(0, size - before.count - after.count), after: after)
        return reply
    }
}
