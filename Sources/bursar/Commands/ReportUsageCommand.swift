// bursar report usage
import ArgumentParser
import BursarCore
import BursarLedger
import BursarReports
import Foundation

struct ReportUsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "Who used what in a month, and how well it worked.",
        discussion: """
            Follow a figure down with the filters: month, --by day, --day D --by client, --client C --by \
            provider, --provider P --by reason, and --events without --client for the requests to \
            providers behind it.
            With --output, a closed month's file is written once and never changes; an open one's is a draft \
            that the next run replaces.
            """)

    @Option(help: PeriodArgument.help, transform: PeriodArgument.parse) var period: PeriodArgument
    @Option(name: .customLong("by"), help: "tenant, client, provider, day or reason.")
    var grouping: ReportGrouping?
    @Option(help: "Only this tenant.") var tenant: TenantID?
    @Option(help: "Only this day, as 2026-10-31.") var day: String?
    @Option(help: "Only this client.") var client: ClientID?
    @Option(help: "Only this provider.") var provider: ProviderID?
    @Option(help: "Only sandbox or production.") var environment: ProviderEnvironment?
    @Flag(help: "The requests to providers themselves instead of counts.") var events = false
    @Option(help: "With --events: only these failures, such as timed_out.") var outcome: FailureReason?
    @Option(help: "table, csv, json or html; table unless --output or --json says otherwise.")
    var format: ReportFormat?
    @Option(help: "Write a file into this directory instead; safe to run twice.") var output: String?
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if options.json, let format, format != .json {
            throw ValidationError("--json and --format \(format.rawValue) contradict each other.")
        }
        if events, grouping != nil { throw ValidationError("--events are not grouped: leave out --by.") }
        if events, client != nil {
            throw ValidationError("Requests to providers belong to no client: leave out --client.")
        }
        if output == "" { throw ValidationError("--output needs a directory.") }
        if outcome != nil, !events { throw ValidationError("--outcome goes with --events.") }
    }

    func run() async throws {
        let administration = try Administration(options)
        try await administration.withReports { ledger, zone in
            let request = ReportRequest(
                period: try period.period(zone: zone), format: chosenFormat, grouping: grouping,
                filter: ReportFilter(
                    tenant: tenant, day: day, client: client, provider: provider, environment: environment,
                    outcome: outcome),
                asksForEvents: events)
            let writer = UsageReportWriter(source: ledger)
            guard let output else {
                try await writer.write(request, isServed: false) {
                    try Output.write($0)
                }
                return
            }
            let export = ReportExport(directory: output, request: request)
            let files = try await export.write(from: ledger, writer)
            try administration.output.print(files) {
                files.map { "\($0.state.rawValue) \($0.path)" }.joined(separator: "\n")
            }
        }
    }

    private var chosenFormat: ReportFormat {
        format ?? (options.json && output == nil ? .json : output == nil ? .table : .csv)
    }
}

extension ReportGrouping: ExpressibleByArgument {}
extension FailureReason: ExpressibleByArgument {}
extension ReportFormat: ExpressibleByArgument {}
