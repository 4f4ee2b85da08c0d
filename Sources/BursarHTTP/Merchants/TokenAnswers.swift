// Answers that carry a token (docs/API.md section 4).
internal import BursarCore
internal import BursarGateway

/// The answer to a token request, written from the secret straight into what is sent: a general encoder would
/// make copies of it as text, and take ten times as long.
struct TokenAnswer: WritableAnswer {
    enum Form {
        /// RFC 6749 §5.1, with the tenant and generation beside it.
        case oauth
        /// The same with its times as points in time.
        case detailed
        /// As the providers' own samples have it (PROVIDERS Z4).
        case payment
    }

    let form: Form
    let served: ServedToken
    let limit: LimitState?

    var status: HTTPStatus { .ok }

    var mostBytes: Int { AnswerHead.mostBytes + 512 + tokenRoom + mostTailBytes }

    private var tokenRoom: Int { served.token.access.count * (served.token.isPlain ? 1 : 6) }
    private var mostTailBytes: Int { 384 + 6 * (served.scope?.utf8.count ?? 0) }

    func write(_ head: AnswerHead, to bytes: inout BytesWriter) {
        // First, and moved: its length stands in the head.
        var tail = bytes.atTheEnd(mostTailBytes)
        writeTail(to: &tail)
        // Not `self` with all that it holds on to.
        let (form, limit) = (form, limit)
        let token = served.token.isPlain ? served.token.access : JSONWriter.escaped(served.token.access)
        token.withBytes { Self.write(head, form, limit, token: $0, tail: tail.written, to: &bytes) }
    }

    private static func write(
        _ head: AnswerHead, _ form: Form, _ limit: LimitState?, token: UnsafeRawBufferPointer,
        tail: UnsafeRawBufferPointer, to bytes: inout BytesWriter
    ) {
        let begin: StaticString = form == .payment ? #"{"accessToken":""# : #"{"access_token":""#
        head.write(.ok, .known(begin.utf8CodeUnitCount + token.count + tail.count), to: &bytes)
        bytes.put("Content-Type: application/json\r\n")
        bytes.put(HTTPResponse.Fields.confidential.lines)
        if let limit { LimitFields(limit).write(to: &bytes) }
        bytes.put("\r\n")
        guard !head.isHead else { return }
        bytes.put(begin)
        bytes.put(token)
        bytes.put(tail)
    }

    /// Everything behind the token.
    private func writeTail(to json: inout BytesWriter) {
        guard form != .payment else { return json.put(#""}"#) }
        json.put(#"","token_type":"Bearer","expires_in":"#)
        json.put(decimal: served.token.secondsLeft(at: served.at))
        // Only where the caller named one: clients compare what they read with what they asked for.
        if let scope = served.scope {
            json.put(#","scope":""#)
            JSONWriter.escaped(Secret(scope)).withBytes { json.put($0) }
            json.put("\"")
        }
        json.put(#","business_uuid":""#)
        json.put(served.tenant.uuid)
        json.put(#"","provider":""#)
        json.put(text: served.provider.text)
        json.put(#"","environment":""#)
        json.put(text: served.environment.rawValue)
        json.put(#"","generation":"#)
        json.put(decimal: served.token.generation.number)
        if form == .detailed {
            json.put(#","expires_at":""#)
            json.put(served.token.expiresAt)
            json.put(#"","refresh_after":""#)
            json.put(served.token.renewAt)
            json.put("\"")
        }
        json.put("}")
    }
}

enum ScopedAnswers {
    static func scoped(_ served: ServedScopedToken) -> HTTPResponse {
        var json = JSONWriter(capacity: served.token.count + 64)
        json.member("token", served.token)
        json.member("expires_in", served.lifetime.components.seconds)
        return response(json)
    }

    /// A report of a rejected token has ended; what became of it is nobody's business (RFC 7009 §2.2).
    static func reported() -> HTTPResponse { response(JSONWriter()) }

    private static func response(_ json: consuming JSONWriter) -> HTTPResponse {
        var response = HTTPResponse(.ok, json: json.finished())
        response.add(.confidential)
        return response
    }
}
