// Remembers for a second who was refused after a look into the store.
internal import BursarCore
internal import Synchronization

/// Keeps a caller who is refused from causing a look-up with every request.
final class RefusalMemory: Sendable {
    /// How long a refusal is remembered (docs/API.md section 3).
    static let span: Duration = .seconds(1)
    /// Refusals remembered at once; when full, all are forgotten, which costs look-ups and nothing else.
    static let limit = 10_000

    private let refused = Mutex<[Int: Instant]>([:])

    func remember(_ key: Int, now: Instant) {
        refused.withLock { refused in
            if refused.count >= Self.limit { refused.removeAll(keepingCapacity: true) }
            refused[key] = now
        }
    }

    func isRemembered(_ key: Int, now: Instant) -> Bool {
        refused.withLock { refused in
            guard let at = refused[key] else { return false }
            return now - at < Self.span
        }
    }

    /// The request's identity within this process: seeded per process, so nobody can aim for a collision.
    static func key(of request: TokenRequest) -> Int {
        var hasher = Hasher()
        request.proof.secret.withBytes { hasher.combine(bytes: $0) }
        hasher.combine(request.tenant)
        hasher.combine(request.provider)
        hasher.combine(request.environment)
        hasher.combine(request.origin)
        return hasher.finalize()
    }
}
