// The words of the page: for people who know no OAuth.
internal import BursarCore

/// Figures and reasons as a reader of accounts would say them.
enum PageWords {
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ]

    static func month(_ period: ReportPeriod) -> String { "\(months[period.month - 1]) \(period.year)" }

    /// With thousands apart: `1,234,567`.
    static func number(_ value: Int64) -> String {
        let digits = Array(String(value.magnitude))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return value < 0 ? "−" + text : text
    }

    static func duration(seconds: Int64) -> String {
        switch seconds {
        case ..<1: "none"
        case ..<60: "\(seconds) s"
        case ..<3_600: "\(seconds / 60) min \(seconds % 60) s"
        default: "\(number(seconds / 3_600)) h \(seconds / 60 % 60) min"
        }
    }

    /// Short enough for the side of a chart.
    static func rough(seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) min"
        default: "\(number(seconds / 3_600)) h"
        }
    }

    static func latency(_ duration: Duration?) -> String {
        guard let duration else { return "–" }
        let milliseconds = duration.microseconds / 1_000
        return milliseconds < 10_000 ? "\(number(milliseconds)) ms" : "\(number(milliseconds / 1_000)) s"
    }

    /// A share of a whole, rounded down so that 100 % means all.
    static func share(_ part: Int64, of whole: Int64) -> String {
        guard whole > 0, part >= 0 else { return "–" }
        let tenths = Int64((Double(part) / Double(whole) * 1_000).rounded(.down))
        return "\(tenths / 10).\(tenths % 10) %"
    }

    static func change(from before: Int64, to now: Int64) -> String {
        guard before != now else { return "unchanged" }
        let sign = now > before ? "+" : "−"
        let difference = number(abs(now - before))
        guard before > 0 else { return "\(sign)\(difference)" }
        let percent = Int64((Double(abs(now - before)) / Double(before) * 100).rounded())
        return "\(sign)\(difference) (\(sign)\(number(percent)) %)"
    }

    static func fault(_ fault: Fault) -> String {
        switch fault {
        case .caller: "the caller's fault"
        case .credential: "the provider rejected the stored credential"
        case .provider: "the provider's fault"
        case .gateway: "our own fault"
        }
    }

    static func grouping(_ grouping: ReportGrouping) -> String {
        switch grouping {
        case .tenant: "Tenant"
        case .client: "Client"
        case .provider: "Provider"
        case .day: "Day"
        case .reason: "What was counted"
        }
    }

    static func meter(_ meter: Meter) -> String {
        switch meter {
        case .answeredMemory: "a token, from memory"
        case .answeredStore: "a token, from the database"
        case .answeredProvider: "a token, asked for at that moment"
        case .answeredScoped: "a token for one customer and invoice"
        case .limited: "refused: over the tenant's limit"
        case .refused: "refused: wrong client, suspended or not allowed"
        case .failedCaller: "not served: \(fault(.caller))"
        case .failedCredential: "not served: \(fault(.credential))"
        case .failedProvider: "not served: \(fault(.provider))"
        case .failedGateway: "not served: \(fault(.gateway))"
        case .exchanges: "requests to providers"
        case .renewals: "renewals"
        case .refreshTokenRenewals: "renewals with a refresh token"
        }
    }

    static func cause(_ cause: RefreshEvent.Cause) -> String {
        switch cause {
        case .cold: "no token was there"
        case .renewal: "the token was about to end"
        case .rejected: "a merchant said that the token was refused"
        case .keepWarm: "kept ready, used or not"
        }
    }

    static func step(_ step: RefreshEvent.Step) -> String {
        switch step {
        case .full: "with id and secret"
        case .refresh: "with a refresh token"
        case .scoped: "for one customer and invoice"
        }
    }

    static func status(_ head: PeriodHead) -> String {
        switch head.status {
        case .open: "Draft: the month is not over, figures still grow."
        case .grace:
            "Draft: the month is over and not closed yet; what gateways still hold is let in until it is."
        case .closed: "Closed: these figures never change. What comes later corrects a later month."
        }
    }

    static func reason(_ raw: String) -> String {
        guard let reason = FailureReason(rawValue: raw) else { return raw }
        switch reason {
        case .nameNotResolved: return "the provider's name could not be found on the network"
        case .addressRefused: return "the provider's address is not one that we may use"
        case .connectFailed: return "the provider could not be reached"
        case .tlsFailed: return "the provider could not prove who it is (certificate)"
        case .timedOut: return "the provider took too long"
        case .connectionLost: return "the connection to the provider broke"
        case .circuitOpen: return "the provider kept failing and was left alone for seconds"
        case .massRejection: return "the provider rejected many credentials at once"
        case .invalidClient: return "the provider rejected the stored credential"
        case .requestRefused: return "the provider refused the request"
        case .rateLimited: return "the provider said: too many requests"
        case .serverError: return "the provider had an error of its own"
        case .redirectRefused: return "the provider pointed elsewhere, which we do not follow"
        case .refreshRefused: return "the provider refused a renewal; a full request followed"
        case .tokenRefused: return "the provider no longer took the token"
        case .replyTooLarge: return "the provider's answer was too large"
        case .replyMalformed: return "the provider's answer could not be read"
        case .errorInReply: return "the provider answered with an error"
        case .tokenMissing: return "the provider's answer held no token"
        case .tokenMalformed: return "the provider's token could not be used"
        case .lifetimeInvalid: return "the provider named no usable end of the token"
        case .claimsMismatch: return "the provider's token was for another customer or invoice"
        case .profileIncomplete: return "the provider is not set up completely here"
        case .secretUnavailable: return "the stored secret could not be opened here"
        case .overloaded: return "too many requests at once here"
        case .superseded: return "the credential was replaced meanwhile"
        case .stopping: return "the gateway was stopping"
        }
    }

    /// Escaped, and without characters that nobody sees or that turn text around.
    static func shown(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: kept.append(" ")
            case .format where scalar != "\u{200D}": continue
            default: kept.append(scalar)
            }
        }
        return escaped(kept)
    }

    private static func escaped(_ raw: String.UnicodeScalarView) -> String {
        var text = ""
        for scalar in raw {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
