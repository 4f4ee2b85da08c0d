// GET /reports/usage: what is asked for, and by whom.
internal import BursarCore

/// What a request for a report can have wrong.
enum ReportFault: Error {
    case unauthenticated(wasTried: Bool)
    case notAllowed
    case malformed(String)
    case report(ReportError)
    case busy
    case unavailable

    var answer: ErrorAnswer {
        switch self {
        case .unauthenticated(let wasTried):
            var answer = ErrorAnswer(
                .unauthorized, .invalidClient,
                wasTried
                    ? "this bearer token is not known"
                    : "send a token of the role finance as Authorization: Bearer")
            answer.challenge = wasTried ? .bearerRefused : .bearer
            return answer
        case .notAllowed:
            return ErrorAnswer(
                .forbidden, .unauthorizedClient, "reports are for tokens of the roles finance and admin")
        case .malformed(let text): return ErrorAnswer(.badRequest, .invalidRequest, text)
        case .report(let error):
            switch error {
            case .tenantUnknown: return ErrorAnswer(.notFound, .invalidRequest, error.description)
            case .notBegun, .dayOutside: return ErrorAnswer(.badRequest, .invalidRequest, error.description)
            }
        case .busy:
            return ErrorAnswer(
                .serviceUnavailable, retryAfter: .seconds(5), "other reports are being made; come back later",
                fault: .gateway)
        case .unavailable:
            return ErrorAnswer(
                .serviceUnavailable, retryAfter: .seconds(5),
                "the report could not be read from the database",
                fault: .gateway)
        }
    }
}

extension ReportRequest {
    private static let parameters: Set<String> = [
        "period", "by", "format", "tenant", "day", "client", "provider", "environment", "events",
        "outcome",
    ]

    /// Strict: a parameter that is not understood would be a figure that is misunderstood.
    init(query: Substring) throws(ReportFault) {
        let members: FormMembers
        do throws(FormMembers.Flaw) {
            members = try FormMembers(query.utf8)
        } catch {
            throw .malformed("the query " + error.text)
        }
        if let unknown = members.allNames.first(where: { !Self.parameters.contains($0) }) {
            let nearest = nearestName(to: unknown, among: Self.parameters.sorted()) ?? ""
            throw .malformed("there is no parameter \(ErrorText.named(unknown)); did you mean \(nearest)?")
        }
        // Whoever sends `client=` for want of a value would get everybody's figures.
        if let empty = members.allNames.first(where: { members.text($0) == nil }) {
            throw .malformed("\(empty) has no value: give it one, or leave it out")
        }
        guard let text = members.text("period"), let period = ReportPeriod(text) else {
            throw .malformed("period must be a month, as 2026-10")
        }
        let format = try Self.read(members, "format", "table, csv, json or html") {
            ReportFormat(rawValue: $0)
        }
        let grouping = try Self.read(members, "by", "tenant, client, provider, day or reason") {
            ReportGrouping(rawValue: $0)
        }
        let filter = ReportFilter(
            tenant: try Self.read(members, "tenant", "a businessUuid", TenantID.init),
            day: members.text("day"),
            client: try Self.read(members, "client", "a client id", ClientID.init),
            provider: try Self.read(members, "provider", "a provider's id", ProviderID.init),
            environment: try Self.read(members, "environment", "sandbox or production") {
                ProviderEnvironment(rawValue: $0)
            },
            outcome: try Self.read(members, "outcome", "a failure's name, as timed_out") {
                FailureReason(rawValue: $0)
            })
        let events = try Self.read(members, "events", "true or false") { Bool($0) } ?? false
        if events, grouping != nil { throw .malformed("events are not grouped: leave out by") }
        if events, filter.client != nil {
            throw .malformed("requests to providers belong to no client: leave out client")
        }
        if filter.outcome != nil, !events { throw .malformed("outcome goes with events=true") }
        self.init(
            period: period, format: format ?? (events ? .json : .html), grouping: grouping, filter: filter,
            asksForEvents: events)
    }

    private static func read<Value>(
        _ members: FormMembers, _ name: String, _ expected: String, _ read: (String) -> Value?
    ) throws(ReportFault) -> Value? {
        guard let text = members.text(name) else { return nil }
        guard let value = read(text) else { throw .malformed("\(name) must be \(expected)") }
        return value
    }

    fileprivate var mediaType: String {
        switch format {
        case .table: "text/plain; charset=utf-8"
        case .csv: "text/csv; charset=utf-8"
        case .json: MediaType.json
        case .html: "text/html; charset=utf-8"
        }
    }

    fileprivate var disposition: String {
        switch format {
        case .csv: "attachment; filename=\"bursar-usage-\(period).csv\""
        case .table, .json, .html: "inline"
        }
    }
}

extension HTTPResponse {
    /// A finished report.
    init(report: [UInt8], of request: ReportRequest) {
        self.init(.ok, type: request.mediaType, body: report)
        add(.confidential)
        add("X-Content-Type-Options", "nosniff")
        add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        add("Content-Disposition", request.disposition)
    }
}
