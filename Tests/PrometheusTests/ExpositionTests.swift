// What a scrape reads.

import CoreMetrics
import Prometheus
import Testing

@Suite struct ExpositionTests {
    let registry = PrometheusRegistry()

    @Test func helpAndTypeAreThereBeforeAnythingHappened() throws {
        registry.declare(
            MetricFamily("logins_total", .counter, help: "Logins.", labels: [MetricLabel("user")]))
        registry.declare(MetricFamily("depth", .gauge, help: "Depth.", labels: [MetricLabel("queue")]))
        registry.declare(
            MetricFamily("wait_seconds", .histogram(), help: "Wait.", labels: [MetricLabel("queue")]))
        let page = try ExpositionPage(registry.text())
        #expect(page.helps["logins_total"] == "Logins.")
        #expect(page.types["logins_total"] == "counter")
        #expect(page.types["depth"] == "gauge")
        #expect(page.types["wait_seconds"] == "histogram")
        #expect(page.samples.keys.allSatisfy { $0.hasPrefix("metrics_") })
    }

    @Test func seriesOfClosedLabelsStandAtZeroFromTheStart() throws {
        registry.declare(
            MetricFamily(
                "answers_total", .counter, help: "Answers.",
                labels: [
                    MetricLabel("outcome", values: ["ok", "failed"]),
                    MetricLabel("source", values: ["memory", "store"]),
                ]))
        let page = try ExpositionPage(registry.text())
        for outcome in ["ok", "failed"] {
            for source in ["memory", "store"] {
                #expect(page["answers_total{outcome=\"\(outcome)\",source=\"\(source)\"}"] == 0)
            }
        }
        #expect(page.samples.keys.count { $0.hasPrefix("answers_total") } == 4)
    }

    @Test func whatIsSpecialInHelpAndLabelsIsEscaped() throws {
        registry.declare(
            MetricFamily(
                "odd_total", .counter, help: "A \\ and a\nline.", labels: [MetricLabel("what")]))
        Counter(label: "odd_total", dimensions: [("what", "\"q\" \\ \r\n ö")], factory: registry).increment()
        let page = try ExpositionPage(registry.text())
        #expect(page.helps["odd_total"] == #"A \\ and a\nline."#)
        #expect(page["odd_total{what=\"\\\"q\\\" \\\\ \r\\n ö\"}"] == 1)
    }

    @Test func familiesAndSeriesAreSorted() throws {
        registry.declare(MetricFamily("b_total", .counter, help: "B.", labels: [MetricLabel("x")]))
        registry.declare(MetricFamily("a_total", .counter, help: "A."))
        for value in ["2", "10", "1"] {
            Counter(label: "b_total", dimensions: [("x", value)], factory: registry).increment()
        }
        let text = registry.text()
        #expect(try ExpositionPage(text).families.first == "a_total")
        let order = text.split(separator: "\n").filter { $0.hasPrefix("b_total") }
        #expect(order == [#"b_total{x="1"} 1"#, #"b_total{x="10"} 1"#, #"b_total{x="2"} 1"#])
    }

    @Test func gaugesAreSetJustBeforeTheyAreRead() throws {
        registry.declare(MetricFamily("scrapes", .gauge, help: "Scrapes."))
        let gauge = Meter(label: "scrapes", factory: registry)
        registry.onCollect { gauge.increment() }
        #expect(try ExpositionPage(registry.text())["scrapes"] == 1)
        #expect(try ExpositionPage(registry.text())["scrapes"] == 2)
    }

    @Test(arguments: [
        (Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (-2, "-2"), (0.5, "0.5"),
    ])
    func numbersAreWrittenTheWayPrometheusReadsThem(value: Double, written: String) {
        registry.declare(MetricFamily("g", .gauge, help: "G."))
        Meter(label: "g", factory: registry).set(value)
        #expect(registry.text().contains("\ng \(written)\n"))
    }
}
