// In which order to try which host: libpq's rules, one host at a time so that each has its own deadline.

/// The hosts of a connection string, each to be tried alone: libpq tries several by itself, but a host
/// that swallows packets would then use up the whole deadline.
struct ConnectionPlan: Sendable, Equatable {
    struct Candidate: Sendable, Equatable {
        /// nil leaves host, address and port to libpq.
        var host: String?
        /// A numeric address; nil when there is none yet.
        var address: String?
        var port: String?

        /// Whether the host is a name that has to be looked up: no address, no socket, not numeric already.
        var needsResolution: Bool {
            guard let host, address == nil, let first = host.first else { return false }
            return first != "/" && first != "@" && !HostResolution.isNumeric(host)
        }
    }

    private(set) var candidates: [Candidate]
    /// target_session_attrs for each time through the candidates; nil leaves it to libpq.
    private(set) var passes: [String?]

    init(_ options: ConnectionOptions) {
        candidates = Self.candidates(options)
        // A single host can only say no to "prefer"; the preference is between hosts, so it is ours to keep.
        let target = options.value("target_session_attrs")
        passes = target == "prefer-standby" ? ["standby", "any"] : [nil]
    }

    /// One host, whatever it is.
    func only(_ index: Int) -> ConnectionPlan {
        var plan = self
        plan.candidates = candidates.indices.contains(index) ? [candidates[index]] : []
        plan.passes = ["any"]
        return plan
    }

    /// The host at `index` before the others. A host that swallows packets costs a share of the deadline.
    func beginning(with index: Int?) -> ConnectionPlan {
        guard let index, candidates.indices.contains(index) else { return self }
        var plan = self
        plan.candidates.insert(plan.candidates.remove(at: index), at: 0)
        return plan
    }

    private static func candidates(_ options: ConnectionOptions) -> [Candidate] {
        let leaveToLibPQ = [Candidate()]
        // The service's entry may name the host, and only libpq reads it.
        if options.given["service"] != nil { return leaveToLibPQ }
        let hosts = list(options.value("host"))
        let addresses = list(options.value("hostaddr"))
        let ports = list(options.value("port"))
        let count = max(hosts.count, addresses.count)
        let fit = [hosts.count, addresses.count].allSatisfy { $0 == 0 || $0 == count }
        // Lists that do not match are libpq's to complain about; so is an empty place in one, its default.
        guard count > 0, fit, ports.count <= 1 || ports.count == count, !(hosts + addresses).contains("")
        else {
            return leaveToLibPQ
        }
        return (0..<count).map { index in
            Candidate(
                host: hosts.isEmpty ? nil : hosts[index],
                address: addresses.isEmpty ? nil : addresses[index],
                port: ports.count > 1 ? ports[index] : ports.first)
        }
    }

    private static func list(_ value: String?) -> [String] {
        guard let value, !value.isEmpty else { return [] }
        return value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
}
