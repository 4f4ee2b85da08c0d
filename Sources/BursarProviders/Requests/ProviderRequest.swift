// One HTTP request to a provider, as a value: built and tested without a network.
import BursarCore

/// What is about to be sent. It holds secrets in its headers and body, so it prints as its method and host
/// only.
struct ProviderRequest: Sendable {
    let method: String
    let url: ProviderURL
    let headers: [NamedValue]
    let body: Secret

    /// Fields of every request, then the body's, then `extra`, where the profile may have set `Accept` or
    /// `User-Agent` anew.
    init(
        method: String, url: String, format: BodyFormat, members: [RequestMember], authorization: String?,
        extra: [NamedValue] = []
    ) throws(ExchangeFailure) {
        do {
            self.url = try ProviderURL(url)
        } catch {
            throw ExchangeFailure(.profileIncomplete)
        }
        self.method = method
        var headers = [NamedValue("Accept", "application/json"), NamedValue("User-Agent", "bursar")]
        switch format {
        case .form:
            headers.append(NamedValue("Content-Type", "application/x-www-form-urlencoded"))
            body = Secret(FormEncoding.body(members))
        case .json:
            headers.append(NamedValue("Content-Type", "application/json"))
            body = Secret(try RequestMember.json(members))
        }
        if let authorization { headers.append(NamedValue("Authorization", authorization)) }
        for header in extra {
            headers.removeAll { $0.name.lowercased() == header.name.lowercased() }
            headers.append(header)
        }
        // Profiles are checked when they are read; this is the last door before the wire.
        guard headers.allSatisfy({ HeaderRules.isValue($0.value) }) else {
            throw ExchangeFailure(.profileIncomplete)
        }
        self.headers = headers
    }
}

extension ProviderRequest: CustomStringConvertible, CustomReflectable {
    var description: String { "\(method) \(url.host)" }
    var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

/// A member of the body. Values are bytes because secrets are.
struct RequestMember {
    let name: String
    let value: [UInt8]

    init(_ name: String, _ value: [UInt8]) {
        self.name = name
        self.value = value
    }

    init(_ name: String, _ value: String) { self.init(name, Array(value.utf8)) }

    /// A secret that is not UTF-8 cannot stand in JSON: that is the credential's fault, and asking again will
    /// not mend it, so it is reported as the provider would report it.
    fileprivate static func json(_ members: [RequestMember]) throws(ExchangeFailure) -> [UInt8] {
        guard members.allSatisfy({ String(validating: $0.value, as: UTF8.self) != nil }) else {
            throw ExchangeFailure(.invalidClient)
        }
        return JSONText.object(members.map { ($0.name, $0.value) })
    }
}
