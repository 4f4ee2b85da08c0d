// An answer, before it is bytes on a connection.
internal import BursarCore

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

        var lines: StaticString {
            switch self {
            case .uncached: "Cache-Control: no-store\r\nPragma: no-cache\r\n"
            case .confidential:
                "Cache-Control: no-store\r\nPragma: no-cache\r\nReferrer-Policy: no-referrer\r\n"
            }
        }
    }

    mutating func add(_ group: Fields) { group.lines.withUTF8Buffer { fields.append(contentsOf: $0) } }

    /// Whole lines.
    mutating func addLines(_ lines: [UInt8]) { fields.append(contentsOf: lines) }

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
    case known(Int)
    case chunked
    case untilClose
}

/// What an answer begins with besides its own.
struct AnswerHead {
    /// Bytes at most, with the status line and without the answer's own fields.
    static let mostBytes = 256

    let id: RequestID
    /// The whole line.
    let date: [UInt8]
    let persistence: Persistence
    /// Whether only the head is wanted.
    let isHead: Bool

    func write(_ status: HTTPStatus, _ length: BodyLength, to bytes: inout BytesWriter) {
        bytes.put(status.line)
        bytes.put(date)
        bytes.put("X-Request-Id: ")
        bytes.put(hexadecimal: id.number)
        switch length {
        case .known(let count):
            bytes.put("\r\nContent-Length: ")
            bytes.put(decimal: Int64(count))
            bytes.put("\r\n")
        case .chunked: bytes.put("\r\nTransfer-Encoding: chunked\r\n")
        case .untilClose: bytes.put("\r\n")
        }
        if let line = persistence.line { bytes.put(line) }
    }
}

/// An answer that writes itself where it is sent from: one write, one packet.
protocol WritableAnswer: Sendable {
    var status: HTTPStatus { get }
    /// Bytes that it may take with its head, at most.
    var mostBytes: Int { get }
    func write(_ head: AnswerHead, to bytes: inout BytesWriter)
}

extension HTTPResponse: WritableAnswer {
    var mostBytes: Int { AnswerHead.mostBytes + fields.count + body.count }

    func write(_ head: AnswerHead, to bytes: inout BytesWriter) {
        write(head, .known(body.count), to: &bytes)
        if !head.isHead { bytes.put(body) }
    }

    /// The head alone.
    func write(_ head: AnswerHead, _ length: BodyLength, to bytes: inout BytesWriter) {
        head.write(status, length, to: &bytes)
        bytes.put(fields)
        bytes.put("\r\n")
    }
}
