// The registry: which families there are, which series they have, and the page that a scrape reads.

package import CoreMetrics
internal import Synchronization

/// A swift-metrics backend that exposes what was declared, and nothing else.
///
/// Declare every family before the first handle is made. Each of these turns into a number that can be
/// watched, and none of them into memory that grows:
/// - A handle for what was not declared (another name, kind or set of label names) does nothing. Libraries
///   bring metrics of their own, with labels that nobody has bounded; a page whose families are all
///   declared is one that dashboards and alerts can rely on. Counted in `metrics_undeclared_total`;
///   ``undeclared`` says which.
/// - A label value outside its closed set becomes `other`.
/// - A series beyond the limit of its family does nothing. Counted in
///   `metrics_series_dropped_total{family}`, once for each attempt to get its handle.
///
/// Get a handle once and keep it: making one takes a lock, updating it does not. A `Counter` is a counter,
/// a `Gauge` or `Meter` a gauge, a `Timer` a histogram in seconds, a `Recorder` one in its own unit.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    /// The media type of ``text()``.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private struct Family {
        let declaration: MetricFamily
        var series: [[String]: any Series] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var dropped: [String: CounterSeries] = [:]
        var undeclared: Set<String> = []
        var collectors: [@Sendable () -> Void] = []
    }

    /// Enough to see what is wrong; the names come from anywhere, so they must not pile up.
    private static let mostUndeclared = 100

    private let seriesLimit: Int
    private let droppedFamily: MetricFamily
    private let undeclaredTotal = CounterSeries([])
    private let state = Mutex(State())

    /// - Parameters:
    ///   - prefix: goes before the names of the registry's own two metrics, such as `shop_`.
    ///   - seriesLimit: the most series that a family may have; a histogram with all its buckets is one.
    package init(prefix: String = "", seriesLimit: Int = 1_000) {
        precondition(seriesLimit > 0)
        self.seriesLimit = seriesLimit
        droppedFamily = MetricFamily(
            "\(prefix)metrics_series_dropped_total", .counter,
            help: "Attempts to use a series beyond the limit of its family.", labels: [MetricLabel("family")])
        let undeclaredFamily = MetricFamily(
            "\(prefix)metrics_undeclared_total", .counter,
            help: "Attempts to use a metric that is not declared with this name, kind and labels.")
        state.withLock { state in
            state.families[droppedFamily.name] = Family(declaration: droppedFamily)
            state.families[undeclaredFamily.name] = Family(
                declaration: undeclaredFamily, series: [[]: undeclaredTotal])
        }
    }

    /// From now on HELP and TYPE are exposed, and the series of a closed family stand at 0. Declaring the
    /// same again changes nothing; declaring something else under a taken name is a programming error.
    package func declare(_ family: MetricFamily) {
        precondition(
            !family.isClosed || family.mostClosedSeries <= seriesLimit,
            "\(family.name): its closed labels alone make more than \(seriesLimit) series")
        state.withLock { state in
            if let known = state.families[family.name]?.declaration {
                precondition(known == family, "\(family.name) is declared twice, differently")
                return
            }
            let series = family.knownSeries.map { ($0, family.kind.newSeries($0)) }
            state.families[family.name] = Family(
                declaration: family, series: Dictionary(uniqueKeysWithValues: series))
            guard !family.isClosed else { return }
            let dropped = CounterSeries([family.name])
            state.dropped[family.name] = dropped
            state.families[droppedFamily.name]?.series[[family.name]] = dropped
        }
    }

    /// `body` runs before each exposition, in the order of registration, to set gauges that are cheaper to
    /// ask for than to keep up to date. It runs on the scraping thread, perhaps on several at once: it must
    /// not wait, and must not call ``text()``.
    package func onCollect(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.collectors.append(body) }
    }

    /// The page: families by name, series by label values, each name once.
    package func text() -> String {
        for collect in state.withLock({ $0.collectors }) { collect() }
        let families = state.withLock { $0.families }
        var page = Exposition()
        for family in families.values.sorted(by: { $0.declaration.name < $1.declaration.name }) {
            page.heading(family.declaration)
            let series = family.series.values
            for one in series.sorted(by: { $0.labelValues.lexicographicallyPrecedes($1.labelValues) }) {
                one.write(family.declaration, to: &page)
            }
        }
        return page.text
    }

    /// What was asked for but is not declared, such as `counter http.requests{path}`: the first 100 of them,
    /// names only. For a test, or a line in the log.
    package var undeclared: [String] { state.withLock { $0.undeclared.sorted() } }
}

// Handles.
extension PrometheusRegistry {
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, asked: "counter") as CounterSeries? ?? NOOPMetricsHandler.instance
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, asked: "counter") as CounterSeries? ?? NOOPMetricsHandler.instance
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, asked: "gauge") as GaugeSeries? ?? NOOPMetricsHandler.instance
    }

    /// swift-metrics builds a `Gauge` as a recorder that does not aggregate.
    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            series(label, dimensions, asked: "histogram") as HistogramSeries? ?? NOOPMetricsHandler.instance
        } else {
            series(label, dimensions, asked: "gauge") as GaugeSeries? ?? NOOPMetricsHandler.instance
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, asked: "histogram") as HistogramSeries? ?? NOOPMetricsHandler.instance
    }

    package func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    private func series<Wanted: Series>(
        _ name: String, _ dimensions: [(String, String)], asked kind: String
    ) -> Wanted? {
        state.withLock { state in
            guard let family = state.families[name],
                let values = family.declaration.values(from: dimensions),
                let series = (family.series[values] ?? family.declaration.kind.newSeries(values)) as? Wanted
            else {
                refuse("\(kind) \(name){\(dimensions.map(\.0).joined(separator: ","))}", in: &state)
                return nil
            }
            if family.series[values] != nil { return series }
            // A closed family has no counter here, and cannot reach the limit: `declare` has seen to that.
            if family.series.count >= seriesLimit {
                state.dropped[name]?.increment(by: 1 as Int64)
                return nil
            }
            state.families[name]?.series[values] = series
            return series
        }
    }

    private func refuse(_ description: String, in state: inout State) {
        undeclaredTotal.increment(by: 1 as Int64)
        if state.undeclared.count < Self.mostUndeclared { state.undeclared.insert(description) }
    }

    /// Gives the place of a series back. Series of closed families stay: they are there from start to end.
    /// Whoever still holds the same handle writes to nowhere, so destroy only what nobody else uses.
    private func forget(_ handler: any AnyObject) {
        guard let series = handler as? any Series else { return }
        state.withLock { state in
            for (name, family) in state.families where family.series[series.labelValues] === series {
                if !family.declaration.isClosed { state.families[name]?.series[series.labelValues] = nil }
            }
        }
    }
}
