// What finance reads: a period, its rows and its figures.

/// Where a period stands on its way to being final.
package enum PeriodStatus: String, Hashable, Sendable, CaseIterable {
    /// Not over yet.
    case open
    /// Over, but late counts are still let in.
    case grace
    /// Final: its rows never change.
    case closed
}

/// What every file and page of a period says of itself.
package struct PeriodHead: Hashable, Sendable {
    package let period: ReportPeriod
    /// IANA name of the zone whose calendar counts.
    package let zone: String
    package let status: PeriodStatus
    /// Half-open: the first instant of the month, and the first of the next.
    package let startsAt: Instant
    package let endsAt: Instant
    /// Set when it is closed.
    package let closing: Closing?

    /// How a period was closed.
    package struct Closing: Hashable, Sendable {
        package let at: Instant
        package let by: String
        /// SHA-256 of the CSV file of the period, in hexadecimal.
        package let csvDigest: String
        /// SHA-256 of the manifest, in hexadecimal.
        package let manifestDigest: String

        package init(at: Instant, by: String, csvDigest: String, manifestDigest: String) {
            self.at = at
            self.by = by
            self.csvDigest = csvDigest
            self.manifestDigest = manifestDigest
        }
    }

    package init(
        period: ReportPeriod, zone: String, status: PeriodStatus, startsAt: Instant, endsAt: Instant,
        closing: Closing?
    ) {
        self.period = period
        self.zone = zone
        self.status = status
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.closing = closing
    }

    /// Part of a file's name: what is closed is version 1 for ever, what is not is a draft.
    package var version: String { closing == nil ? "draft" : "v1" }
}

/// What a report's rows are grouped by.
package enum ReportGrouping: String, Hashable, Sendable, CaseIterable {
    case tenant, client, provider, day, reason
}

/// What a report is of, within its period. Nil is all.
package struct ReportFilter: Hashable, Sendable {
    package var tenant: TenantID?
    /// `YYYY-MM-DD` in the reporting zone.
    package var day: String?
    package var client: ClientID?
    package var provider: ProviderID?
    package var environment: ProviderEnvironment?
    /// Of requests to providers; counts have none.
    package var outcome: FailureReason?

    package init(
        tenant: TenantID? = nil, day: String? = nil, client: ClientID? = nil, provider: ProviderID? = nil,
        environment: ProviderEnvironment? = nil, outcome: FailureReason? = nil
    ) {
        self.outcome = outcome
        self.tenant = tenant
        self.day = day
        self.client = client
        self.provider = provider
        self.environment = environment
    }

    package static let all = ReportFilter()
}

/// One row of a report, ungrouped or grouped: members that the rows are not grouped by are nil.
package struct UsageRow: Hashable, Sendable {
    /// `YYYY-MM-DD` in the reporting zone.
    package var day: String?
    package var tenant: TenantID?
    /// The name that the tenant had then; "unattributed" where no tenant was known.
    package var tenantName: String?
    package var client: String?
    package var provider: String?
    package var environment: String?
    /// Set on a correction: the closed period that it corrects.
    package var correctionOf: ReportPeriod?
    /// Why a correction was made; grouped by reason, the meter that the row is of.
    package var reason: String?
    package var counts: MeterCounts

    package init(
        day: String? = nil, tenant: TenantID? = nil, tenantName: String? = nil, client: String? = nil,
        provider: String? = nil, environment: String? = nil, correctionOf: ReportPeriod? = nil,
        reason: String? = nil, counts: MeterCounts
    ) {
        self.day = day
        self.tenant = tenant
        self.tenantName = tenantName
        self.client = client
        self.provider = provider
        self.environment = environment
        self.correctionOf = correctionOf
        self.reason = reason
        self.counts = counts
    }

    /// Stands where no tenant was known.
    package static let unattributed = "unattributed"
}

/// How well requests to providers went, over a day or a period. Percentiles come from merged buckets and are
/// those buckets' upper bounds.
package struct ServiceFigures: Hashable, Sendable {
    package var succeeded: Int64
    package var failed: Int64
    /// Of successful and failed requests alike; nil where there was none.
    package var p50: Duration?
    package var p95: Duration?
    package var p99: Duration?
    /// Seconds in which a connection had no good token though it was wanted, by whose fault, added up over
    /// the connections.
    package var downtimeSeconds: [Fault: Int64]

    package init(
        succeeded: Int64 = 0, failed: Int64 = 0, p50: Duration? = nil, p95: Duration? = nil,
        p99: Duration? = nil, downtimeSeconds: [Fault: Int64] = [:]
    ) {
        self.succeeded = succeeded
        self.failed = failed
        self.p50 = p50
        self.p95 = p95
        self.p99 = p99
        self.downtimeSeconds = downtimeSeconds
    }
}

/// The figures of one row of one of the page's tables.
package struct NamedFigures: Hashable, Sendable {
    /// What a person calls it.
    package let name: String
    /// What the row is of, for the link that goes one level down.
    package let filter: ReportFilter
    package let counts: MeterCounts
    package let service: ServiceFigures

    package init(name: String, filter: ReportFilter, counts: MeterCounts, service: ServiceFigures) {
        self.name = name
        self.filter = filter
        self.counts = counts
        self.service = service
    }
}

/// One way of adding up a period; all of them must agree.
package struct ReportSum: Hashable, Sendable {
    /// total, tenants, days, minutes or batches.
    package let name: String
    package let counts: MeterCounts
    /// How the counts are spread over tenants, as one number; nil where tenants are not known.
    package let spread: Int64?
    /// Why this sum cannot be made any more, when it cannot: minutes are kept for thirteen months.
    package let unavailable: String?

    package init(name: String, counts: MeterCounts, spread: Int64? = nil, unavailable: String? = nil) {
        self.name = name
        self.counts = counts
        self.spread = spread
        self.unavailable = unavailable
    }
}

/// All that the page of a period shows.
package struct UsageOverview: Hashable, Sendable {
    package let head: PeriodHead
    package let filter: ReportFilter
    package let totals: MeterCounts
    package let service: ServiceFigures
    /// The month before, when it is known.
    package let previous: Previous?
    /// Every day of the period that has begun, in order, also those without usage.
    package let days: [NamedFigures]
    /// The tenants that matter most, most answers first; what the others did is one row named "all others".
    package let tenants: [NamedFigures]
    package let tenantCount: Int64
    package let providers: [NamedFigures]
    package let clients: [NamedFigures]
    /// Failures of requests to providers by their reason, most first.
    package let failures: [FailureCount]
    /// Corrections that are booked in this period.
    package let corrections: [UsageRow]

    package struct Previous: Hashable, Sendable {
        package let period: ReportPeriod
        package let totals: MeterCounts
        /// Tenants whose answers changed most: name, then, now.
        package let movers: [Mover]

        package init(period: ReportPeriod, totals: MeterCounts, movers: [Mover]) {
            self.period = period
            self.totals = totals
            self.movers = movers
        }
    }

    package struct Mover: Hashable, Sendable {
        package let name: String
        package let before: Int64
        package let now: Int64

        package init(name: String, before: Int64, now: Int64) {
            self.name = name
            self.before = before
            self.now = now
        }
    }

    package struct FailureCount: Hashable, Sendable {
        package let provider: String
        package let environment: String
        /// A `FailureReason`'s raw value.
        package let reason: String
        package let count: Int64

        package init(provider: String, environment: String, reason: String, count: Int64) {
            self.provider = provider
            self.environment = environment
            self.reason = reason
            self.count = count
        }
    }

    package init(
        head: PeriodHead, filter: ReportFilter, totals: MeterCounts, service: ServiceFigures,
        previous: Previous?, days: [NamedFigures], tenants: [NamedFigures], tenantCount: Int64,
        providers: [NamedFigures], clients: [NamedFigures], failures: [FailureCount], corrections: [UsageRow]
    ) {
        self.head = head
        self.filter = filter
        self.totals = totals
        self.service = service
        self.previous = previous
        self.days = days
        self.tenants = tenants
        self.tenantCount = tenantCount
        self.providers = providers
        self.clients = clients
        self.failures = failures
        self.corrections = corrections
    }
}
