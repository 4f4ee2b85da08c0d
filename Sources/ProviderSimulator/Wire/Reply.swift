// What the simulator decided to send, as a value: nothing here touches the network.

import HTTPTypes

/// An answer, or the decision not to give one.
struct Reply: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// `before`, then `padding` times the letter x, then `after`; never held in memory as a whole.
        case padded(before: [UInt8], padding: Int, after: [UInt8])
    }

    enum Ending: Sendable {
        case answered
        /// Nothing is ever sent; the connection is closed after ``longestHang``.
        case hung
        /// The connection is closed at once, without a byte.
        case dropped
    }

    static let longestHang: Duration = .seconds(120)

    var status: Int
    var headers: HTTPFields
    var body: Body
    var ending = Ending.answered
    /// How long to wait before the first byte of the answer.
    var delay: Duration = .zero
    /// How long to wait after each byte of the body.
    var pausePerByte: Duration = .zero

    init(status: Int, headers: HTTPFields = [:], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Token answers are not to be stored by anyone on the way (RFC 6749 §5.1).
    static func json(_ status: Int, _ object: JSONObject, headers: HTTPFields = [:]) -> Reply {
        var headers = headers
        headers[.contentType] = "application/json;charset=UTF-8"
        headers[.cacheControl] = "no-store"
        headers[.pragma] = "no-cache"
        return Reply(status: status, headers: headers, body: .bytes(Array(object.text.utf8)))
    }

    static func ending(_ ending: Ending) -> Reply {
        var reply = Reply(status: 0)
        reply.ending = ending
        return reply
    }
}

extension HTTPField.Name {
    static let pragma = Self("Pragma")!  // a literal that is a valid token
    static let tenantID = Self("x-tenant-id")!  // a literal that is a valid token
}
