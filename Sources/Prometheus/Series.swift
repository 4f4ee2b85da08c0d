// The numbers behind one line (or, for a histogram, one group of lines): updated without a lock.

internal import CoreMetrics
internal import Synchronization

/// One combination of label values. Callers keep it as their handle, so an update is one or two atomic
/// operations, whatever the number of series.
protocol Series: AnyObject, Sendable {
    var labelValues: [String] { get }
    func write(_ family: MetricFamily, to page: inout Exposition)
}

extension MetricFamily.Kind {
    func newSeries(_ labelValues: [String]) -> any Series {
        switch self {
        case .counter: CounterSeries(labelValues)
        case .gauge: GaugeSeries(labelValues)
        case .histogram(let buckets): HistogramSeries(labelValues, bounds: buckets)
        }
    }
}

/// Only grows: a negative, infinite or missing (NaN) amount is ignored, since a counter that goes down reads
/// as a restart, and one NaN would stay for ever.
final class CounterSeries: Series, CounterHandler, FloatingPointCounterHandler {
    let labelValues: [String]
    private let whole = Atomic<Int64>(0)
    private let fraction = AtomicDouble()

    init(_ labelValues: [String]) { self.labelValues = labelValues }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        whole.wrappingAdd(amount, ordering: .relaxed)
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        fraction.add(amount)
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fraction.store(0)
    }

    /// Integers stay exact beyond 2^53: a Double is used only once a fraction was counted.
    func write(_ family: MetricFamily, to page: inout Exposition) {
        let whole = whole.load(ordering: .relaxed)
        let fraction = fraction.load()
        let value = fraction == 0 ? "\(whole)" : Exposition.number(Double(whole) + fraction)
        page.sample(family.name, family.labels, labelValues, value)
    }
}

/// Whatever was last set; NaN and infinities are exposed as such.
final class GaugeSeries: Series, MeterHandler, RecorderHandler {
    let labelValues: [String]
    private let value = AtomicDouble()

    init(_ labelValues: [String]) { self.labelValues = labelValues }

    func set(_ value: Int64) { self.value.store(Double(value)) }
    func set(_ value: Double) { self.value.store(value) }
    func increment(by amount: Double) { value.add(amount) }
    func decrement(by amount: Double) { value.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func write(_ family: MetricFamily, to page: inout Exposition) {
        page.sample(family.name, family.labels, labelValues, Exposition.number(value.load()))
    }
}

/// Fixed buckets. Values that are not finite are ignored, since one would spoil the sum for ever; a negative
/// time (a clock that was set back) counts as zero.
final class HistogramSeries: Series, TimerHandler, RecorderHandler {
    static let mostBounds = 31

    let labelValues: [String]
    private let bounds: [Double]
    /// The one after the last bound is `+Inf`. Each counts its own bucket alone; a scrape adds them up.
    private let counts = InlineArray<32, Atomic<UInt64>> { _ in Atomic(0) }
    /// Times are summed as integers: one atomic addition, and no rounding. 2^63 ns are 292 years.
    private let nanoseconds = Atomic<Int64>(0)
    private let sum = AtomicDouble()

    init(_ labelValues: [String], bounds: [Double]) {
        self.labelValues = labelValues
        self.bounds = bounds
    }

    func recordNanoseconds(_ duration: Int64) {
        let duration = max(0, duration)
        counts[bucket(of: Double(duration) / 1e9)].wrappingAdd(1, ordering: .relaxed)
        nanoseconds.wrappingAdd(duration, ordering: .relaxed)
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        counts[bucket(of: value)].wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    /// From below, because most values are small.
    private func bucket(of value: Double) -> Int {
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        return index
    }

    /// The count is the sum of the buckets just read, so that it always equals the `+Inf` bucket.
    func write(_ family: MetricFamily, to page: inout Exposition) {
        var count: UInt64 = 0
        for (index, bound) in (bounds + [.infinity]).enumerated() {
            count += counts[index].load(ordering: .relaxed)
            let le = ("le", Exposition.number(bound))
            page.sample(family.name + "_bucket", family.labels, labelValues, extra: le, "\(count)")
        }
        let sum = Double(nanoseconds.load(ordering: .relaxed)) / 1e9 + sum.load()
        page.sample(family.name + "_sum", family.labels, labelValues, Exposition.number(sum))
        page.sample(family.name + "_count", family.labels, labelValues, "\(count)")
    }
}

/// A Double in an atomic word. Relaxed throughout: numbers to look at, nothing hangs on their order.
struct AtomicDouble: ~Copyable, Sendable {
    private let bits = Atomic<UInt64>(0)

    func load() -> Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let answer = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if answer.exchanged { return }
            old = answer.original
        }
    }
}
