// A strict reader of the text format, so that tests check what a scraper would understand.

/// A page, read back. Reading fails on anything that the format does not allow or that we promise not to do:
/// a family without HELP and TYPE, lines of a family apart, a sample twice, families out of order.
struct ExpositionPage {
    enum Malformed: Error {
        case line(String)
        case order(String)
    }

    private(set) var helps: [String: String] = [:]
    private(set) var types: [String: String] = [:]
    /// By the sample as it is written, `name{label="value"}`, still escaped.
    private(set) var samples: [String: Double] = [:]
    private(set) var families: [String] = []

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Malformed.line("no line feed at the end") }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            try read(String(line))
        }
        guard families == families.sorted() else { throw Malformed.order("families") }
    }

    subscript(_ sample: String) -> Double? { samples[sample] }

    private mutating func read(_ line: String) throws {
        if let help = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)*)/) {
            guard helps.updateValue(String(help.2), forKey: String(help.1)) == nil else {
                throw Malformed.order(line)
            }
            families.append(String(help.1))
        } else if let type = line.wholeMatch(of: /# TYPE ([a-zA-Z0-9_:]+) (counter|gauge|histogram)/) {
            guard families.last == String(type.1) else { throw Malformed.order(line) }
            types[String(type.1)] = String(type.2)
        } else {
            try readSample(line)
        }
    }

    private mutating func readSample(_ line: String) throws {
        let label = #"[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\\\|\\n|\\")*""#
        let sample = try Regex(
            #"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{\#(label)(?:,\#(label))*\})? (\S+)"#,
            as: (Substring, Substring, Substring?, Substring).self)
        guard let match = try sample.wholeMatch(in: line)?.output,
            let value = Double(match.3.replacing("Inf", with: "inf"))
        else { throw Malformed.line(line) }
        guard let family = families.last, types[family] != nil, belongs(match.1, to: family) else {
            throw Malformed.order(line)
        }
        let key = String(match.1 + (match.2 ?? ""))
        guard samples.updateValue(value, forKey: key) == nil else { throw Malformed.order(line) }
    }

    private func belongs(_ sample: Substring, to family: String) -> Bool {
        guard types[family] == "histogram" else { return sample == family }
        return ["_bucket", "_sum", "_count"].contains { sample == family + $0 }
    }
}
