// Puts the reporting zone that the settings name into force.
import BursarLedger
import Logging
import ServiceLifecycle

/// Once, as soon as the database answers. A zone that may not be changed any more is stated and left: tokens
/// matter more.
struct ReportZoneService: Service {
    let ledger: Ledger
    let settings: Settings
    let logger: Logger

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, await !adopt() { try? await Task.sleep(for: .seconds(10)) }
            // A service that ends ends the group.
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
        }
    }

    private func adopt() async -> Bool {
        do {
            let zone = try await ledger.adoptReportZone(settings.reportZone)
            logger.info("months are reported in one zone", metadata: ["zone": "\(zone)"])
            return true
        } catch let error as LedgerError {
            logger.error("the reporting zone stays as it was", metadata: ["error": "\(error)"])
            return true
        } catch {
            return false  // the database is away, which others report
        }
    }
}
