// Makes a connection: host by host, address by address, each with its share of the deadline.

/// One attempt to connect. Runs on the thread the connection will live on.
struct Connector {
    private let configuration: PostgresConfiguration
    private let deadline: Deadline

    init(_ configuration: PostgresConfiguration) {
        self.configuration = configuration
        deadline = Deadline(after: configuration.connectTimeout)
    }

    /// The first session that stands and has its settings; otherwise the last failure.
    func connect() throws(PostgresError) -> Session {
        guard let options = ConnectionOptions(parsing: configuration.connectionString) else {
            throw Self.failure(.configuration, "", "the connection string cannot be parsed")
        }
        let whole = ConnectionPlan(options)
        let plan =
            configuration.onlyHost.map(whole.only)
            ?? whole.beginning(with: configuration.watch?.preferred)
        var failure = PostgresError.timedOut(.connecting)
        var left = plan.passes.count * plan.candidates.count
        for target in plan.passes {
            for candidate in plan.candidates {
                let share = deadline.share(of: left)
                left -= 1
                do throws(PostgresError) {
                    return try connect(to: candidate, target: target, options, until: share)
                } catch {
                    failure = error
                    if !Self.mayTryNext(after: error) { throw error }
                }
            }
        }
        throw failure
    }

    /// A wrong password or setting is wrong everywhere; trying on could lock an account.
    private static func mayTryNext(after error: PostgresError) -> Bool {
        guard case .connectionFailed(let failure) = error else { return true }
        return failure.reason != .authentication && failure.reason != .configuration
    }

    /// Tries every address of one host.
    private func connect(
        to candidate: ConnectionPlan.Candidate, target: String?, _ options: ConnectionOptions,
        until deadline: Deadline
    ) throws(PostgresError) -> Session {
        var addresses = [candidate.address]
        if candidate.needsResolution, let host = candidate.host {
            addresses = HostResolution.addresses(of: host)
            guard !addresses.isEmpty else { throw Self.failure(.resolution, host) }
        }
        var failure = PostgresError.timedOut(.connecting)
        for (index, address) in addresses.enumerated() {
            guard !deadline.hasPassed else { break }
            var attempt = ConnectionAttempt(configuration, options)
            attempt.direct(to: candidate, address: address, target: target)
            do throws(PostgresError) {
                return try attempt.connect(until: deadline.share(of: addresses.count - index))
            } catch {
                failure = error
                if !Self.mayTryNext(after: error) { throw error }
            }
        }
        throw failure
    }

    private static func failure(
        _ reason: PostgresConnectionFailure.Reason, _ host: String, _ message: String? = nil
    ) -> PostgresError {
        .connectionFailed(.init(reason: reason, host: host, message: message))
    }
}
