// One real exchange with a provider, of which nothing is stored or counted: what it showed.
import BursarCore
import BursarProviders
import Foundation
import Logging
import NIOPosix

struct ProviderTrial: Encodable {
    let provider: String
    let environment: String
    let ok: Bool
    let reason: String?
    let fault: String?
    let httpStatus: Int?
    let latencyMS: Double
    let lifetimeSeconds: Int64?
    let refreshToken: Bool

    /// - Parameter scope: nil asks for the profile's own.
    static func run(
        _ profile: ProviderProfile, _ environment: ProviderEnvironment, clientID: String, secret: Secret,
        scope: String?, _ settings: Settings
    ) async throws -> ProviderTrial {
        let resolved: String?
        do {
            resolved = try profile.scopes.resolve(scope)
        } catch {
            throw CommandFailure(.wrongUsage, "\(profile.id) has no scope \(error.scope)")
        }
        let client = try HTTPProviderClient(
            policy: try settings.networkPolicy(), certificateAuthorities: settings.text(.providerCAFile),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "bursar"))
        let report = await client.exchange(
            TokenGrant(
                profile: profile, environment: environment, clientID: clientID, clientSecret: secret,
                scope: resolved, step: .full, deadline: profile.limits.timeout))
        await client.shutdown()
        return ProviderTrial(profile.id, environment, report)
    }

    private init(
        _ provider: ProviderID, _ environment: ProviderEnvironment, _ report: ExchangeReport<TokenReply>
    ) {
        var reply: TokenReply?
        var failure: ExchangeFailure?
        switch report.result {
        case .success(let success): reply = success
        case .failure(let error): failure = error
        }
        self.provider = provider.text
        self.environment = environment.rawValue
        ok = reply != nil
        reason = failure?.reason.rawValue
        fault = failure?.reason.fault.rawValue
        httpStatus = report.status
        latencyMS = Double(report.latency.microseconds) / 1_000
        lifetimeSeconds = reply?.lifetime.components.seconds
        refreshToken = reply?.refreshToken != nil
    }

    var text: String {
        let status = httpStatus.map { "HTTP \($0)" } ?? "no reply"
        let seen = "(\(status), \(String(format: "%.1f ms", latencyMS)))"
        if let lifetimeSeconds {
            let refresh = refreshToken ? ", with a refresh token" : ""
            return "\(provider) \(environment): a token for \(lifetimeSeconds) s\(refresh) \(seen)"
        }
        return "\(provider) \(environment): no token: \(reason ?? "unknown"), fault \(fault ?? "?") \(seen)"
    }
}
