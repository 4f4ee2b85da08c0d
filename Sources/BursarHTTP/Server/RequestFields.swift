// The header fields that matter, picked out in one pass.
internal import NIOHTTP1

/// Values of the fields that decide anything, and which of them stood there more than once. Nothing that is
/// named twice is ever merged or chosen from: a proxy in front may have read the other one.
struct RequestFields: Sendable {
    struct Name: OptionSet, Sendable {
        let rawValue: Int
        static let host = Name(rawValue: 1 << 0)
        static let authorization = Name(rawValue: 1 << 1)
        static let tenant = Name(rawValue: 1 << 2)
        static let contentType = Name(rawValue: 1 << 3)
        static let contentEncoding = Name(rawValue: 1 << 4)
        static let origin = Name(rawValue: 1 << 5)
        static let transferEncoding = Name(rawValue: 1 << 6)
        static let contentLength = Name(rawValue: 1 << 7)
    }

    private(set) var host: String?
    private(set) var authorization: String?
    private(set) var tenant: String?
    private(set) var contentType: String?
    private(set) var contentEncoding: String?
    private(set) var origin: String?
    private(set) var transferEncoding: String?
    private(set) var contentLength: String?
    private(set) var expect: String?
    private(set) var hasUpgrade = false
    private(set) var repeated: Name = []

    init() {}

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers { take(name, value) }
    }

    private mutating func take(_ name: String, _ value: String) {
        switch name.utf8.count {
        case 4 where isNamed(name, "host"): Self.set(&host, &repeated, .host, value)
        case 6 where isNamed(name, "origin"): Self.set(&origin, &repeated, .origin, value)
        case 6 where isNamed(name, "expect"): expect = value
        case 7 where isNamed(name, "upgrade"): hasUpgrade = true
        case 11 where isNamed(name, "x-tenant-id"): Self.set(&tenant, &repeated, .tenant, value)
        case 12 where isNamed(name, "content-type"): Self.set(&contentType, &repeated, .contentType, value)
        case 13 where isNamed(name, "authorization"):
            Self.set(&authorization, &repeated, .authorization, value)
        case 14 where isNamed(name, "content-length"):
            Self.set(&contentLength, &repeated, .contentLength, value)
        case 16 where isNamed(name, "content-encoding"):
            Self.set(&contentEncoding, &repeated, .contentEncoding, value)
        case 17 where isNamed(name, "transfer-encoding"):
            Self.set(&transferEncoding, &repeated, .transferEncoding, value)
        default: break
        }
    }

    private static func set(_ field: inout String?, _ repeated: inout Name, _ name: Name, _ value: String) {
        if field != nil { repeated.insert(name) }
        field = value
    }

    private func isNamed(_ name: String, _ wanted: StaticString) -> Bool {
        wanted.withUTF8Buffer { name.utf8.elementsEqual($0) { lowercased($0) == $1 } }
    }
}

extension RequestFields {
    /// What makes a head unreadable although its syntax is right (RFC 9112 §3.2, §6.1, §6.3): every ambiguity
    /// about where a request ends lets a second one be smuggled in behind it.
    func flaw(version: HTTPVersion) -> HTTPFlaw? {
        if repeated.contains(.host) { return .hostRepeated }
        if host == nil, version != .http1_0 { return .hostMissing }
        if repeated.contains(.contentLength) { return .framing }
        guard let transferEncoding else { return nil }
        if contentLength != nil || version == .http1_0 { return .framing }
        let isChunked = "chunked".utf8.elementsEqual(transferEncoding.utf8) { $0 == lowercased($1) }
        return isChunked && !repeated.contains(.transferEncoding) ? nil : .transferCoding
    }

    /// The announced length; nil when there is none or the body is chunked. The decoder has checked that it
    /// is a number; one too large for an Int is as good as the largest.
    var announcedLength: Int? { contentLength.map { Int($0) ?? .max } }

    var hasBody: Bool { transferEncoding != nil || announcedLength ?? 0 > 0 }

    var expectsContinue: Bool {
        guard let expect else { return false }
        return "100-continue".utf8.elementsEqual(expect.utf8) { $0 == lowercased($1) }
    }
}
