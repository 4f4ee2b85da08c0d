// Shows what `bursar audit verify` last found, so that an alert tells of it.
import BursarCore
import BursarLedger
import Metrics
import Prometheus
import ServiceLifecycle

/// Each minute: it is verified once a day.
struct AuditVerificationService: Service {
    private let ledger: Ledger
    private let verified: Gauge
    private let findings: Gauge

    private enum Name {
        static let verified = "bursar_audit_verified_timestamp_seconds"
        static let findings = "bursar_audit_findings"
    }

    static let families = [
        MetricFamily(
            Name.verified, .gauge,
            help: "When all of the audit trail was last verified, in seconds since 1970; 0 if never."),
        MetricFamily(Name.findings, .gauge, help: "What that verification found not to be as written."),
    ]

    init(ledger: Ledger, factory: any MetricsFactory) {
        self.ledger = ledger
        verified = Gauge(label: Name.verified, factory: factory)
        findings = Gauge(label: Name.findings, factory: factory)
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    let last = try await ledger.lastAuditVerification()
                    verified.record(last.map { Double($0.at.microseconds) / 1_000_000 } ?? 0)
                    findings.record(last?.findings ?? 0)
                    try? await Task.sleep(for: .seconds(60))
                } catch {
                    try? await Task.sleep(for: .seconds(10))  // the ledger has reported it
                }
            }
        }
    }
}
