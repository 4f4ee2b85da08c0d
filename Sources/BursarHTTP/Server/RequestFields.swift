// The header fields that matter, picked out in one pass.
internal import NIOHTTP1

/// Values of the fields that decide anything, and which of them stood there more than once. Nothing that is
/// named twice is ever merged or chosen from: a proxy in front may have read the other one.
struct RequestFields: Sendable {
    struct Name: OptionSet, Sendable {
        let rawValue: UInt8
        static let host = Name(rawValue: 1 << 0)
        static let authorization = Name(rawValue: 1 << 1)
        static let tenant = Name(rawValue: 1 << 2)
        static let contentType = Name(rawValue: 1 << 3)
        static let contentEncoding = Name(rawValue: 1 << 4)
        static let origin = Name(rawValue: 1 << 5)
        static let transferEncoding = Name(rawValue: 1 << 6)
        static let contentLength = Name(rawValue: 1 << 7)
    }

    private(set) var authorization: String?
    private(set) var tenant: String?
    private(set) var contentType: String?
    private(set) var origin: String?
    /// The announced length; nil when there is none or the body is chunked. The decoder has checked that it
    /// is a number; one too large for an Int is as good as the largest.
    private(set) var announcedLength: Int?
    private(set) var expectsContinue = false
    private var hasUpgrade = false
    private var offer = Offer.none
    private var isChunked = false
    private var seen: Name = []
    private(set) var repeated: Name = []

    init() {}

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers { take(name, value) }
    }

    private mutating func take(_ name: String, _ value: String) {
        switch name.utf8.count {
        case 4 where isWord(name, "host"): note(.host)
        case 6 where isWord(name, "origin"):
            note(.origin)
            origin = value
        case 6 where isWord(name, "expect"): expectsContinue = isWord(value, "100-continue")
        case 7 where isWord(name, "upgrade"): hasUpgrade = true
        case 10 where isWord(name, "connection"): noteOptions(value)
        case 11 where isWord(name, "x-tenant-id"):
            note(.tenant)
            tenant = value
        case 12 where isWord(name, "content-type"):
            note(.contentType)
            contentType = value
        case 13 where isWord(name, "authorization"):
            note(.authorization)
            authorization = value
        case 14 where isWord(name, "content-length"):
            note(.contentLength)
            announcedLength = Int(value) ?? .max
        case 16 where isWord(name, "content-encoding"): note(.contentEncoding)
        case 17 where isWord(name, "transfer-encoding"):
            note(.transferEncoding)
            isChunked = isWord(value, "chunked")
        default: break
        }
    }

    /// How `Connection` names the upgrade that another field offers.
    private enum Offer {
        case none
        /// As the decoder takes it: it reads no further than this request.
        case plain
        /// In some way of which nobody knows how others take it.
        case odd
    }

    private mutating func noteOptions(_ options: String) {
        guard options.utf8.count >= 7, !isWord(options, "keep-alive") else { return }
        for option in options.utf8.split(separator: UInt8(ascii: ",")) {
            let word = option.drop { $0 == UInt8(ascii: " ") }
            let text = String(Substring(word)).lowercased()
            if text == "upgrade" {
                if offer == .none { offer = .plain }
            } else if text.hasPrefix("upgrade") || text.hasSuffix("upgrade") {
                offer = .odd
            }
        }
    }

    private mutating func note(_ name: Name) {
        if seen.contains(name) { repeated.insert(name) }
        seen.insert(name)
    }

    /// Whether the body says that it is compressed, or otherwise not itself.
    var isEncoded: Bool { seen.contains(.contentEncoding) }

    /// Whether the decoder takes this for the last request before another protocol.
    var isUpgrade: Bool { hasUpgrade && offer == .plain }

    /// Whether nobody can tell.
    var isOddUpgrade: Bool { hasUpgrade && offer == .odd }

    var hasBody: Bool { seen.contains(.transferEncoding) || announcedLength ?? 0 > 0 }
}

extension RequestFields {
    /// What makes a head unreadable although its syntax is right (RFC 9112 §3.2, §6.1, §6.3): every ambiguity
    /// about where a request ends lets a second one be smuggled in behind it.
    func flaw(version: HTTPVersion) -> HTTPFlaw? {
        if repeated.contains(.host) { return .hostRepeated }
        if !seen.contains(.host), version != .http1_0 { return .hostMissing }
        if repeated.contains(.contentLength) { return .framing }
        guard seen.contains(.transferEncoding) else { return nil }
        if seen.contains(.contentLength) || version == .http1_0 { return .framing }
        return isChunked && !repeated.contains(.transferEncoding) ? nil : .transferCoding
    }
}
