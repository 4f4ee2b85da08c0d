// Writes the Prometheus text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/).

struct Exposition {
    private(set) var text = ""

    mutating func heading(_ family: MetricFamily) {
        text += "# HELP \(family.name) \(Self.escaped(family.help, quotes: false))\n"
        text += "# TYPE \(family.name) \(family.kind.word)\n"
    }

    mutating func sample(
        _ name: String, _ labels: [MetricLabel], _ labelValues: [String], extra: (String, String)? = nil,
        _ value: String
    ) {
        var pairs = zip(labels, labelValues).map { ($0.name, $1) }
        if let extra { pairs.append(extra) }
        text += name
        if !pairs.isEmpty {
            let written = pairs.map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }
            text += "{" + written.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        // `le="1"`, as all other clients write it, not `le="1.0"`: to a query these are different labels.
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return "\(value)"
    }

    /// By scalars, because Swift takes a carriage return and a line feed for one character.
    private static func escaped(_ raw: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in raw.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension MetricFamily.Kind {
    fileprivate var word: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}
