// Swift source taken apart: code, string literals and comments, so that no rule trips over a word in a text.

/// One file's text. `code` and `comments` have the file's lines, with blanks where something else stood.
/// Regex literals are taken for code, which is good enough as long as none holds a quote.
struct SwiftText {
    struct Literal: Equatable {
        /// Of its first quote, from 1.
        let line: Int
        /// Its pieces joined, without what is interpolated.
        let text: String
    }

    let code: [String]
    let comments: [String]
    let literals: [Literal]

    init(_ text: String) {
        var scanner = Scanner(text)
        scanner.run()
        code = SwiftText.lines(scanner.code)
        comments = SwiftText.lines(scanner.comments)
        literals = scanner.literals.sorted { $0.line < $1.line }
    }

    private static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

private struct Scanner {
    private enum Mode {
        /// In an interpolation, `open` counts the parentheses that are its own.
        case code(open: Int)
        case literal(hashes: Int, isMultiline: Bool)
        case lineComment
        case blockComment
    }

    private enum Kind { case code, comment, literal }

    private static let special = Set("/\"#()".utf8)

    private let bytes: [UInt8]
    private var offset = 0
    private var line = 1
    private var modes: [Mode] = [.code(open: 0)]
    private var openLiterals: [(line: Int, text: [UInt8])] = []
    private(set) var code: [UInt8]
    private(set) var comments: [UInt8]
    private(set) var literals: [SwiftText.Literal] = []

    init(_ text: String) {
        bytes = Array(text.utf8)
        code = bytes.map { $0 == UInt8(ascii: "\n") ? $0 : UInt8(ascii: " ") }
        comments = code
    }

    mutating func run() {
        while offset < bytes.count {
            switch modes.last ?? .code(open: 0) {
            case .code(let open): readCode(open)
            case .literal(let hashes, let isMultiline): readLiteral(hashes, isMultiline)
            case .lineComment:
                if bytes[offset] == UInt8(ascii: "\n") { modes.removeLast() } else { take(1, .comment) }
            case .blockComment: readBlockComment()
            }
        }
    }

    private mutating func readCode(_ open: Int) {
        // Nearly every byte is none of these, and this file is read in debug builds.
        guard Scanner.special.contains(bytes[offset]) else { return take(1, .code) }
        if begins("//") {
            modes.append(.lineComment)
            take(2, .comment)
        } else if begins("/*") {
            modes.append(.blockComment)
            take(2, .comment)
        } else if let hashes = hashesBeforeQuote {
            let isMultiline = begins("\"\"\"", at: offset + hashes)
            modes.append(.literal(hashes: hashes, isMultiline: isMultiline))
            openLiterals.append((line, []))
            take(hashes + (isMultiline ? 3 : 1), .code)
        } else {
            readParenthesis(open)
            take(1, .code)
        }
    }

    private mutating func readParenthesis(_ open: Int) {
        let isInterpolation = modes.count > 1
        if bytes[offset] == UInt8(ascii: "(") {
            modes[modes.count - 1] = .code(open: open + 1)
        } else if bytes[offset] == UInt8(ascii: ")") {
            if open == 0, isInterpolation {
                modes.removeLast()
            } else {
                modes[modes.count - 1] = .code(open: open - 1)
            }
        }
    }

    private mutating func readLiteral(_ hashes: Int, _ isMultiline: Bool) {
        let pounds = String(repeating: "#", count: hashes)
        let quote = isMultiline ? "\"\"\"" : "\""
        if begins("\\" + pounds + "(") {
            take(2 + hashes, .code)
            modes.append(.code(open: 0))
        } else if begins("\\" + pounds) {
            take(2 + hashes, .literal)
        } else if begins(quote + pounds) {
            take(quote.utf8.count + hashes, .code)
            endLiteral()
        } else if !isMultiline, bytes[offset] == UInt8(ascii: "\n") {
            endLiteral()
        } else {
            take(1, .literal)
        }
    }

    private mutating func endLiteral() {
        modes.removeLast()
        guard let literal = openLiterals.popLast() else { return }
        literals.append(.init(line: literal.line, text: String(decoding: literal.text, as: UTF8.self)))
    }

    private mutating func readBlockComment() {
        if begins("/*") {
            modes.append(.blockComment)
            take(2, .comment)
        } else if begins("*/") {
            modes.removeLast()
            take(2, .comment)
        } else {
            take(1, .comment)
        }
    }

    private var hashesBeforeQuote: Int? {
        let hashes = bytes[offset...].prefix { $0 == UInt8(ascii: "#") }.count
        return begins("\"", at: offset + hashes) ? hashes : nil
    }

    private func begins(_ text: String, at place: Int? = nil) -> Bool {
        bytes[min(place ?? offset, bytes.count)...].starts(with: text.utf8)
    }

    private mutating func take(_ count: Int, _ kind: Kind) {
        for _ in 0..<min(count, bytes.count - offset) {
            let byte = bytes[offset]
            switch kind {
            case .code: code[offset] = byte
            case .comment: comments[offset] = byte
            case .literal: openLiterals[openLiterals.count - 1].text.append(byte)
            }
            if byte == UInt8(ascii: "\n") { line += 1 }
            offset += 1
        }
    }
}
