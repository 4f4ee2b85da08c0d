// Plays the payment providers under simulated time.
package import BursarCore
package import BursarGateway
internal import Synchronization

/// A `ProviderClient` with providers behind it that issue numbered tokens, check ids and secrets, and fail,
/// hang or answer late when the test says so. It keeps its side of the contract: no call outlives its
/// deadline.
package final class ScriptedProvider: ProviderClient {
    /// What one client of a provider gets.
    package struct Account: Sendable {
        package var secret: String
        /// Still taken for a while after a rotation.
        package var formerSecret: String?
        package var lifetime: Duration
        /// Nil where the provider gives no refresh tokens.
        package var refreshLifetime: Duration?
        /// Whether a refresh brings a new refresh token and ends the old one.
        package var rotates = false

        package init(secret: String, lifetime: Duration, refreshLifetime: Duration? = nil) {
            self.secret = secret
            self.lifetime = lifetime
            self.refreshLifetime = refreshLifetime
        }
    }

    /// A call as the provider sees it.
    package struct Call: Sendable, Hashable {
        package let number: Int
        package let at: Instant
        package let provider: ProviderID
        package let environment: ProviderEnvironment
        package let clientID: String
        package let step: RefreshEvent.Step
        package let scope: String?
        package let budget: Duration
    }

    /// What becomes of a call.
    package enum Behaviour: Sendable {
        case answer
        /// Answers after some time, the deadline permitting.
        case answerAfter(Duration)
        case fail(ExchangeFailure)
        /// Stays open until `release`, or its deadline.
        case hold
    }

    fileprivate struct AccountScope: Hashable {
        let clientID: String
        let scope: String?
    }

    fileprivate struct Issued {
        let clientID: String
        let until: Instant
        var isRevoked = false
    }

    fileprivate struct Contents {
        var accounts: [String: Account] = [:]
        var behaviour: @Sendable (Call) -> Behaviour = { _ in .answer }
        var calls: [Call] = []
        var access: [String: Issued] = [:]
        var refresh: [String: Issued] = [:]
        var held: [ManualClock.SleepID] = []
        var open: [ConnectionChoice: Int] = [:]
        var peak: [ConnectionChoice: Int] = [:]
        /// By number, with the deadlines: a frozen replica's call is over by then, though nobody notices.
        var openByAccount: [AccountScope: [Int: Instant]] = [:]
        var peakOfAccounts = 0
    }

    private let contents = Mutex(Contents())
    private let clock: ManualClock

    package init(clock: ManualClock) { self.clock = clock }

    // MARK: The script

    package func setAccount(_ account: Account, of clientID: String) {
        contents.withLock { $0.accounts[clientID] = account }
    }

    /// Decides about each call from now on.
    package func behave(_ behaviour: @escaping @Sendable (Call) -> Behaviour) {
        contents.withLock { $0.behaviour = behaviour }
    }

    /// Every call from now on fails in this way.
    package func fail(_ reason: FailureReason, retryAfter: Duration? = nil) {
        behave { _ in .fail(ExchangeFailure(reason, retryAfter: retryAfter)) }
    }

    package func recover() { behave { _ in .answer } }

    /// Lets the held calls go on; they are answered as if they had just come.
    package func release() {
        let held = contents.withLock { contents in
            defer { contents.held = [] }
            return contents.held
        }
        for id in held { clock.wake(id) }
    }

    /// The provider's API takes this token no longer.
    package func revoke(_ token: Secret) {
        contents.withLock { $0.access[token.revealText()]?.isRevoked = true }
    }

    // MARK: What happened

    package var calls: [Call] { contents.withLock { $0.calls } }
    package func count(_ step: RefreshEvent.Step) -> Int { calls.filter { $0.step == step }.count }

    /// The most calls that a provider's environment had open at once.
    package func peak(_ choice: ConnectionChoice) -> Int { contents.withLock { $0.peak[choice] ?? 0 } }

    /// The most exchanges that were open at once for one account and scope.
    package var peakOfAccounts: Int { contents.withLock { $0.peakOfAccounts } }

    /// Whose token this is; nil for one that was never issued.
    package func holder(of token: Secret) -> String? {
        contents.withLock { $0.access[token.revealText()]?.clientID }
    }

    /// When the provider stops taking it.
    package func end(of token: Secret) -> Instant? {
        contents.withLock { $0.access[token.revealText()]?.until }
    }

    // MARK: ProviderClient

    package func exchange(_ grant: TokenGrant) async -> ExchangeReport<TokenReply> {
        let step: RefreshEvent.Step =
            switch grant.step {
            case .full: .full
            case .refresh: .refresh
            }
        let call = note(
            grant.profile.id, grant.environment, grant.clientID, step, scope: grant.scope,
            budget: grant.deadline)
        return await report(call) { contents in contents.reply(to: grant, call, now: self.clock.now()) }
    }

    package func scopedToken(_ request: ScopedGrant) async -> ExchangeReport<ScopedReply> {
        let clientID = request.values["client_id"] ?? ""
        let call = note(
            request.profile.id, request.environment, clientID, .scoped, scope: nil, budget: request.deadline)
        return await report(call) { contents in contents.reply(to: request, now: self.clock.now()) }
    }

    private func note(
        _ provider: ProviderID, _ environment: ProviderEnvironment, _ clientID: String,
        _ step: RefreshEvent.Step,
        scope: String?, budget: Duration
    ) -> Call {
        let now = clock.now()
        return contents.withLock { contents in
            let call = Call(
                number: contents.calls.count + 1, at: now, provider: provider, environment: environment,
                clientID: clientID, step: step, scope: scope, budget: budget)
            contents.calls.append(call)
            let choice = ConnectionChoice(provider: provider, environment: environment)
            contents.open[choice, default: 0] += 1
            contents.peak[choice] = max(contents.peak[choice] ?? 0, contents.open[choice] ?? 0)
            let account = AccountScope(clientID: clientID, scope: scope)
            contents.openByAccount[account, default: [:]][call.number] = now + budget
            let open = contents.openByAccount[account]?.values.count { $0 > now } ?? 0
            contents.peakOfAccounts = max(contents.peakOfAccounts, open)
            return call
        }
    }

    private func report<Reply>(
        _ call: Call, _ reply: (inout sending Contents) -> Result<Reply, ExchangeFailure>
    ) async -> ExchangeReport<Reply> {
        let failure = await wait(call)
        let result: Result<Reply, ExchangeFailure>
        if let failure {
            result = .failure(failure)
        } else {
            result = contents.withLock { reply(&$0) }
        }
        contents.withLock { contents in
            contents.open[ConnectionChoice(provider: call.provider, environment: call.environment)]! -= 1
            let account = AccountScope(clientID: call.clientID, scope: call.scope)
            contents.openByAccount[account]?[call.number] = nil
        }
        let status: Int? = if case .success = result { 200 } else { nil }
        return ExchangeReport(result: result, status: status, latency: clock.now() - call.at)
    }

    /// Lets the time of the call pass; the failure that ends it, if one does.
    private func wait(_ call: Call) async -> ExchangeFailure? {
        let deadline = call.at + call.budget
        switch contents.withLock({ $0.behaviour })(call) {
        case .answer: return nil
        case .fail(let failure): return failure
        case .answerAfter(let latency):
            try? await clock.sleep(until: min(call.at + latency, deadline))
            return call.at + latency <= deadline ? nil : ExchangeFailure(.timedOut)
        case .hold:
            try? await clock.rest(until: deadline) { id in contents.withLock { $0.held.append(id) } }
            return clock.now() < deadline ? nil : ExchangeFailure(.timedOut)
        }
    }
}

extension ScriptedProvider.Contents {
    mutating func reply(
        to grant: TokenGrant, _ call: ScriptedProvider.Call, now: Instant
    ) -> Result<TokenReply, ExchangeFailure> {
        guard let account = accounts[grant.clientID] else { return .failure(ExchangeFailure(.invalidClient)) }
        switch grant.step {
        case .full:
            let secrets = [account.secret, account.formerSecret].compactMap(\.self).map { Secret($0) }
            guard secrets.contains(grant.clientSecret) else {
                return .failure(ExchangeFailure(.invalidClient))
            }
            let refresh = account.refreshLifetime.map { issueRefresh(call, until: now + $0) }
            return .success(issue(call, account, now: now, refresh: refresh))
        case .refresh(let token):
            let known = refresh[token.revealText()]
            guard let known, known.clientID == grant.clientID, !known.isRevoked, now < known.until else {
                return .failure(ExchangeFailure(.refreshRefused))
            }
            guard account.rotates else { return .success(issue(call, account, now: now, refresh: nil)) }
            refresh[token.revealText()]?.isRevoked = true
            let successor = issueRefresh(call, until: now + (account.refreshLifetime ?? .zero))
            return .success(issue(call, account, now: now, refresh: successor))
        }
    }

    private mutating func issue(
        _ call: ScriptedProvider.Call, _ account: ScriptedProvider.Account, now: Instant, refresh: Secret?
    ) -> TokenReply {
        let text = "access-\(call.clientID)-\(call.number)"
        // The provider counts from when it answers, the gateway from when it asked: never longer than this.
        access[text] = ScriptedProvider.Issued(clientID: call.clientID, until: now + account.lifetime)
        return TokenReply(accessToken: Secret(text), lifetime: account.lifetime, refreshToken: refresh)
    }

    private mutating func issueRefresh(_ call: ScriptedProvider.Call, until: Instant) -> Secret {
        let text = "refresh-\(call.clientID)-\(call.number)"
        refresh[text] = ScriptedProvider.Issued(clientID: call.clientID, until: until)
        return Secret(text)
    }

    mutating func reply(
        to request: ScopedGrant, now: Instant
    ) -> Result<ScopedReply, ExchangeFailure> {
        let known = access[request.accessToken.revealText()]
        guard let known, !known.isRevoked, now < known.until else {
            return .failure(ExchangeFailure(.tokenRefused))
        }
        let names = request.values.keys.sorted().map { "\($0)=\(request.values[$0] ?? "")" }
        return .success(
            ScopedReply(token: Secret("scoped:" + names.joined(separator: "&")), lifetime: .seconds(600)))
    }
}
