// What keeps the page bounded and true to its declarations.

import CoreMetrics
import Prometheus
import Testing

@Suite struct GuardTests {
    @Test func aMetricThatIsNotDeclaredIsCountedAndNotExposed() throws {
        let registry = PrometheusRegistry()
        Counter(label: "http.requests", dimensions: [("path", "/secret")], factory: registry).increment()
        let page = try ExpositionPage(registry.text())
        #expect(page["metrics_undeclared_total"] == 1)
        #expect(page.families == ["metrics_series_dropped_total", "metrics_undeclared_total"])
        #expect(registry.undeclared == ["counter http.requests{path}"])
    }

    @Test func anotherKindOrOtherLabelsAreNotTheDeclaredMetric() throws {
        let registry = PrometheusRegistry()
        registry.declare(MetricFamily("a_total", .counter, help: "A.", labels: [MetricLabel("x")]))
        Counter(label: "a_total", factory: registry).increment()
        Counter(label: "a_total", dimensions: [("y", "1")], factory: registry).increment()
        Counter(label: "a_total", dimensions: [("x", "1"), ("x", "2")], factory: registry).increment()
        Meter(label: "a_total", dimensions: [("x", "1")], factory: registry).set(1)
        Timer(label: "a_total", dimensions: [("x", "1")], factory: registry).recordSeconds(1)
        let page = try ExpositionPage(registry.text())
        #expect(page["metrics_undeclared_total"] == 5)
        #expect(!page.samples.keys.contains { $0.hasPrefix("a_total") })
    }

    @Test func theListOfUndeclaredMetricsIsBounded() {
        let registry = PrometheusRegistry()
        for number in 0..<200 { Counter(label: "c\(number)", factory: registry).increment() }
        #expect(registry.undeclared.count == 100)
    }

    @Test func aValueOutsideTheClosedSetBecomesOther() throws {
        let registry = PrometheusRegistry()
        registry.declare(
            MetricFamily(
                "a_total", .counter, help: "A.", labels: [MetricLabel("method", values: ["GET", "POST"])]))
        for method in ["GET", "BREW", "PROPFIND"] {
            Counter(label: "a_total", dimensions: [("method", method)], factory: registry).increment()
        }
        let page = try ExpositionPage(registry.text())
        #expect(page[#"a_total{method="GET"}"#] == 1)
        #expect(page[#"a_total{method="POST"}"#] == 0)
        #expect(page[#"a_total{method="other"}"#] == 2)
    }

    @Test func aSeriesBeyondTheLimitIsDroppedAndCounted() throws {
        let registry = PrometheusRegistry(seriesLimit: 2)
        for name in ["a_total", "b_total"] {
            registry.declare(MetricFamily(name, .counter, help: "N.", labels: [MetricLabel("user")]))
        }
        for user in ["1", "2", "3", "4"] {
            Counter(label: "a_total", dimensions: [("user", user)], factory: registry).increment()
        }
        Counter(label: "a_total", dimensions: [("user", "1")], factory: registry).increment()
        let page = try ExpositionPage(registry.text())
        #expect(page[#"a_total{user="1"}"#] == 2)
        #expect(page[#"a_total{user="3"}"#] == nil)
        #expect(page[#"metrics_series_dropped_total{family="a_total"}"#] == 2)
        #expect(page[#"metrics_series_dropped_total{family="b_total"}"#] == 0)
    }

    @Test func aDestroyedSeriesGivesItsPlaceBack() throws {
        let registry = PrometheusRegistry(seriesLimit: 1)
        registry.declare(MetricFamily("a", .gauge, help: "A.", labels: [MetricLabel("user")]))
        let first = Meter(label: "a", dimensions: [("user", "1")], factory: registry)
        first.set(1)
        first.destroy()
        Meter(label: "a", dimensions: [("user", "2")], factory: registry).set(2)
        let page = try ExpositionPage(registry.text())
        #expect(page[#"a{user="1"}"#] == nil)
        #expect(page[#"a{user="2"}"#] == 2)
    }

    @Test func aClosedSeriesOutlivesItsHandles() throws {
        let registry = PrometheusRegistry()
        registry.declare(MetricFamily("a_total", .counter, help: "A."))
        let counter = Counter(label: "a_total", factory: registry)
        counter.increment()
        counter.destroy()
        #expect(try ExpositionPage(registry.text())["a_total"] == 1)
    }

    @Test func declaringTheSameAgainKeepsTheNumbers() throws {
        let registry = PrometheusRegistry()
        let family = MetricFamily("a_total", .counter, help: "A.")
        registry.declare(family)
        Counter(label: "a_total", factory: registry).increment()
        registry.declare(family)
        #expect(try ExpositionPage(registry.text())["a_total"] == 1)
    }

    @Test func theRegistrysOwnMetricsTakeTheOwnersPrefix() throws {
        let page = try ExpositionPage(PrometheusRegistry(prefix: "shop_").text())
        #expect(page.families == ["shop_metrics_series_dropped_total", "shop_metrics_undeclared_total"])
    }

    @Test func aWrongDeclarationStopsTheProcess() async {
        await #expect(processExitsWith: .failure) { _ = MetricFamily("a-b", .counter, help: "A.") }
        await #expect(processExitsWith: .failure) {
            _ = MetricFamily("a", .histogram(buckets: [2, 1]), help: "A.")
        }
        await #expect(processExitsWith: .failure) {
            let registry = PrometheusRegistry()
            registry.declare(MetricFamily("a", .counter, help: "A."))
            registry.declare(MetricFamily("a", .gauge, help: "A."))
        }
    }
}
