// What a metric is before anything was measured: its name, kind, help and labels.

/// A metric as it is declared: the whole of what a scrape may ever show under this name.
///
/// Programmers write declarations, so a wrong one stops the process where it is declared instead of
/// spoiling every scrape later.
package struct MetricFamily: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case counter
        case gauge
        /// Upper bounds in base units, ascending, at most ``HistogramSeries/mostBounds``; `+Inf` is implied.
        case histogram(buckets: [Double] = MetricFamily.latencyBuckets)
    }

    /// Seconds. The first bounds lie below 0.1 ms, because answers out of memory do.
    package static let latencyBuckets: [Double] = [
        0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
        1, 2.5, 5, 10,
    ]

    package let name: String
    package let kind: Kind
    package let help: String
    package let labels: [MetricLabel]

    /// - Parameters:
    ///   - name: exactly as exposed and as given to swift-metrics: nothing is converted or appended.
    ///   - labels: exposed in this order. A handle must give exactly these, in any order.
    package init(_ name: String, _ kind: Kind, help: String, labels: [MetricLabel] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        checkNames()
        checkBuckets()
    }

    /// Every label has a closed set of values (or there is no label), so every series is known beforehand.
    var isClosed: Bool { labels.allSatisfy { $0.values != nil } }

    /// The values of all series of a closed family; of an open one, none.
    var knownSeries: [[String]] {
        labels.reduce([[]]) { beginnings, label in
            beginnings.flatMap { beginning in (label.values ?? []).map { beginning + [$0] } }
        }
    }

    /// How many series a closed family may ever have, `other` included.
    var mostClosedSeries: Int { labels.reduce(1) { $0 * (($1.values?.count ?? 0) + 1) } }

    /// The values in the order of the declaration; nil when the label names are not the declared ones.
    func values(from dimensions: [(String, String)]) -> [String]? {
        guard dimensions.count == labels.count else { return nil }
        var values: [String] = []
        for label in labels {
            guard let value = dimensions.first(where: { $0.0 == label.name })?.1 else { return nil }
            values.append(label.admitted(value))
        }
        return values
    }

    private func checkNames() {
        precondition(Self.isName(name, colons: true), "\(name) is no metric name")
        precondition(Set(labels.map(\.name)).count == labels.count, "\(name) names a label twice")
        for label in labels {
            precondition(Self.isName(label.name, colons: false), "\(name): \(label.name) is no label name")
            // Prometheus keeps `__…` for itself; `le` is the histogram's own.
            precondition(!label.name.hasPrefix("__") && label.name != "le", "\(name): \(label.name) is taken")
        }
    }

    private func checkBuckets() {
        guard case .histogram(let bounds) = kind else { return }
        precondition(!bounds.isEmpty && bounds.count <= HistogramSeries.mostBounds, "\(name): buckets")
        precondition(bounds.allSatisfy(\.isFinite), "\(name): a bucket is not finite")
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "\(name): buckets do not ascend")
    }

    private static func isName(_ name: String, colons: Bool) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            case UInt8(ascii: ":"): colons
            default: false
            }
        }
    }
}

/// A label of a family. Close the set of values wherever it can be closed: then the series exist from the
/// start (a rate over a counter that is first seen at 1 misses that 1), and nothing can make them explode.
package struct MetricLabel: Sendable, Equatable {
    /// Stands in for every value outside a closed set, so that sums over the family stay true.
    package static let other = "other"

    package let name: String
    /// nil: any value, up to the registry's limit of series.
    package let values: [String]?

    package init(_ name: String, values: [String]? = nil) {
        precondition(values.map { Set($0).count == $0.count } ?? true, "\(name) lists a value twice")
        self.name = name
        self.values = values
    }

    func admitted(_ value: String) -> String {
        guard let values, !values.contains(value) else { return value }
        return Self.other
    }
}
