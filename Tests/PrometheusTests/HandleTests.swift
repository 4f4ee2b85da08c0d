// What the handles of swift-metrics do to the numbers.

import CoreMetrics
import Prometheus
import Testing

@Suite struct HandleTests {
    let registry = PrometheusRegistry()

    private func page() throws -> ExpositionPage { try ExpositionPage(registry.text()) }

    @Test func aCounterAddsIntegersAndFractions() throws {
        registry.declare(MetricFamily("c_total", .counter, help: "C."))
        Counter(label: "c_total", factory: registry).increment(by: 41)
        #expect(try page()["c_total"] == 41)
        FloatingPointCounter(label: "c_total", factory: registry).increment(by: 0.5)
        #expect(try page()["c_total"] == 41.5)
    }

    @Test func aCounterNeverGoesDown() throws {
        registry.declare(MetricFamily("c_total", .counter, help: "C."))
        let counter = FloatingPointCounter(label: "c_total", factory: registry)
        Counter(label: "c_total", factory: registry).increment(by: -3)
        counter.increment(by: -0.5)
        counter.increment(by: Double.nan)
        counter.increment(by: Double.infinity)
        #expect(try page()["c_total"] == 0)
    }

    @Test func aCounterStaysExactBeyondWhatADoubleHolds() {
        registry.declare(MetricFamily("c_total", .counter, help: "C."))
        Counter(label: "c_total", factory: registry).increment(by: 9_007_199_254_740_993)
        #expect(registry.text().contains("\nc_total 9007199254740993\n"))
    }

    @Test func gaugesAndMetersHoldWhatWasLastSet() throws {
        registry.declare(MetricFamily("g", .gauge, help: "G."))
        Gauge(label: "g", factory: registry).record(7)
        let meter = Meter(label: "g", factory: registry)
        #expect(try page()["g"] == 7)
        meter.increment(by: 0.5)
        meter.decrement(by: 2.0)
        #expect(try page()["g"] == 5.5)
    }

    @Test func timesEndUpInSecondsAndBucketsAddUp() throws {
        registry.declare(MetricFamily("t_seconds", .histogram(buckets: [0.001, 0.01, 1]), help: "T."))
        let timer = Timer(label: "t_seconds", factory: registry)
        timer.recordMicroseconds(1_000)
        timer.recordMilliseconds(5)
        timer.recordMilliseconds(500)
        timer.recordSeconds(2)
        let page = try page()
        #expect(page[#"t_seconds_bucket{le="0.001"}"#] == 1)
        #expect(page[#"t_seconds_bucket{le="0.01"}"#] == 2)
        #expect(page[#"t_seconds_bucket{le="1"}"#] == 3)
        #expect(page[#"t_seconds_bucket{le="+Inf"}"#] == 4)
        #expect(page["t_seconds_count"] == 4)
        #expect(page["t_seconds_sum"] == 2.506)
    }

    @Test func defaultBucketsTellAnswersOutOfMemoryApart() throws {
        registry.declare(MetricFamily("t_seconds", .histogram(), help: "T."))
        let timer = Timer(label: "t_seconds", factory: registry)
        for microseconds in [20, 40, 80, 250] { timer.recordMicroseconds(microseconds) }
        let page = try page()
        #expect(page[#"t_seconds_bucket{le="2.5e-05"}"#] == 1)
        #expect(page[#"t_seconds_bucket{le="5e-05"}"#] == 2)
        #expect(page[#"t_seconds_bucket{le="0.0001"}"#] == 3)
        #expect(page[#"t_seconds_bucket{le="0.00025"}"#] == 4)
        #expect(page.samples.keys.count { $0.hasPrefix("t_seconds_bucket") } == 19)
    }

    @Test func aRecorderKeepsItsOwnUnit() throws {
        registry.declare(MetricFamily("size_bytes", .histogram(buckets: [100, 1_000]), help: "Size."))
        let recorder = Recorder(label: "size_bytes", factory: registry)
        recorder.record(100)
        recorder.record(150.5)
        recorder.record(Double.nan)
        let page = try page()
        #expect(page[#"size_bytes_bucket{le="100"}"#] == 1)
        #expect(page["size_bytes_count"] == 2)
        #expect(page["size_bytes_sum"] == 250.5)
    }

    @Test func aClockSetBackCountsAsNoTime() throws {
        registry.declare(MetricFamily("t_seconds", .histogram(), help: "T."))
        Timer(label: "t_seconds", factory: registry).recordNanoseconds(-5)
        #expect(try page()["t_seconds_sum"] == 0)
        #expect(try page()["t_seconds_count"] == 1)
    }

    @Test func handlesOfTheSameSeriesShareItsNumber() throws {
        registry.declare(
            MetricFamily("c_total", .counter, help: "C.", labels: [MetricLabel("a"), MetricLabel("b")]))
        Counter(label: "c_total", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "c_total", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(try page()[#"c_total{a="1",b="2"}"#] == 2)
    }

    @Test func updatesFromManyTasksAreAllCounted() async throws {
        registry.declare(MetricFamily("c_total", .counter, help: "C."))
        registry.declare(MetricFamily("t_seconds", .histogram(), help: "T."))
        let counter = FloatingPointCounter(label: "c_total", factory: registry)
        let timer = Timer(label: "t_seconds", factory: registry)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        counter.increment(by: 0.5)
                        timer.recordNanoseconds(1_000_000)
                    }
                }
            }
        }
        #expect(try page()["c_total"] == 4_000)
        #expect(try page()["t_seconds_count"] == 8_000)
        #expect(try page()["t_seconds_sum"] == 8)
    }
}
