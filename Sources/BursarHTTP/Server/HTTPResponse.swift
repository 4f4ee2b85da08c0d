// An answer, before it is bytes on a connection.
internal import BursarCore
internal import NIOCore

/// Field lines are rendered as they are added. Values are our own words and numbers, never a caller's or a
/// provider's text, so nothing can break out of its line.
package struct HTTPResponse: Sendable {
    package let status: HTTPStatus
    /// Whole field lines, each with its end.
    private(set) var fields: [UInt8] = []
    let body: [UInt8]

    init(_ status: HTTPStatus, type: String, body: [UInt8]) {
        self.status = status
        self.body = body
        fields.reserveCapacity(256)
        add("Content-Type", type)
    }

    init(_ status: HTTPStatus, json: [UInt8]) { self.init(status, type: MediaType.json, body: json) }

    mutating func add(_ name: StaticString, _ value: String) {
        begin(name)
        fields.append(contentsOf: value.utf8)
        endLine()
    }

    mutating func add(_ name: StaticString, _ value: Int64) { add(name, String(value)) }

    /// Field lines that always stand together.
    enum Fields {
        /// Of errors.
        case uncached
        /// Of answers that hold a token (PROVIDERS P4).
        case confidential
    }

    mutating func add(_ group: Fields) {
        let lines: StaticString =
            switch group {
            case .uncached: "Cache-Control: no-store\r\nPragma: no-cache\r\n"
            case .confidential:
                "Cache-Control: no-store\r\nPragma: no-cache\r\nReferrer-Policy: no-referrer\r\n"
            }
        lines.withUTF8Buffer { fields.append(contentsOf: $0) }
    }

    private mutating func begin(_ name: StaticString) {
        name.withUTF8Buffer { fields.append(contentsOf: $0) }
        fields.append(UInt8(ascii: ":"))
        fields.append(UInt8(ascii: " "))
    }

    private mutating func endLine() {
        fields.append(UInt8(ascii: "\r"))
        fields.append(UInt8(ascii: "\n"))
    }
}

/// How the answer's connection goes on, as its `Connection` field says.
enum Persistence {
    /// HTTP/1.1 stays open without saying so.
    case stays
    /// HTTP/1.0 has to be told.
    case staysAsAsked
    case closes

    var line: StaticString? {
        switch self {
        case .stays: nil
        case .staysAsAsked: "Connection: keep-alive\r\n"
        case .closes: "Connection: close\r\n"
        }
    }
}

/// How a caller knows where an answer ends.
enum BodyLength {
    case known
    case chunked
    case untilClose
}

extension HTTPResponse {
    /// The whole answer as one buffer: one write, one packet.
    func bytes(id: RequestID, date: [UInt8], persistence: Persistence, isHead: Bool) -> ByteBuffer {
        var bytes = head(id: id, date: date, persistence: persistence, length: .known)
        if !isHead { bytes.writeBytes(body) }
        return bytes
    }

    func head(id: RequestID, date: [UInt8], persistence: Persistence, length: BodyLength) -> ByteBuffer {
        var bytes = ByteBufferAllocator().buffer(capacity: 192 + fields.count + body.count)
        bytes.writeStaticString(status.line)
        bytes.writeBytes(date)
        bytes.writeStaticString("X-Request-Id: ")
        bytes.writeString(id.description)
        switch length {
        case .known:
            bytes.writeStaticString("\r\nContent-Length: ")
            bytes.writeString(String(body.count))
            bytes.writeStaticString("\r\n")
        case .chunked: bytes.writeStaticString("\r\nTransfer-Encoding: chunked\r\n")
        case .untilClose: bytes.writeStaticString("\r\n")
        }
        if let line = persistence.line { bytes.writeStaticString(line) }
        bytes.writeBytes(fields)
        bytes.writeStaticString("\r\n")
        return bytes
    }
}
