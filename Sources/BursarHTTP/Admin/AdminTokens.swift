// Who may read what is not for everyone on the admin side.
internal import BursarCore
internal import Crypto

/// What a bearer may do.
package enum AdminRole: String, Sendable, CaseIterable {
    case finance, `operator`, admin

    var readsReports: Bool { self == .finance || self == .admin }
}

/// A line that cannot be read: which, and what is wrong. Digests are not shown.
package struct AdminTokensError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

/// The bearers that BURSAR_ADMIN_TOKENS_FILE names, by the SHA-256 of their tokens.
package struct AdminTokens: Sendable {
    struct Bearer: Sendable {
        let role: AdminRole
        let name: String
        let digest: [UInt8]
    }

    /// Longer ones are refused unread.
    private static let tokenLimit = 1_024
    private static let bearerLimit = 1_000

    private let bearers: [Bearer]

    /// Reads `role:name:sha256-hex` lines; blank ones and those that begin with `#` are passed over. `name`
    /// is the file's, for messages.
    package init(_ text: String, name: String) throws(AdminTokensError) {
        var bearers: [Bearer] = []
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = raw.last == "\r" ? raw.dropLast() : raw
            if line.isEmpty || line.hasPrefix("#") { continue }
            let bearer = try AdminTokens.bearer(line, place: "\(name):\(index + 1)")
            guard !bearers.contains(where: { $0.digest == bearer.digest }) else {
                throw AdminTokensError(
                    description: "\(name):\(index + 1): the same token stands on two lines")
            }
            bearers.append(bearer)
        }
        guard bearers.count <= AdminTokens.bearerLimit else {
            throw AdminTokensError(description: "\(name): more than \(AdminTokens.bearerLimit) tokens")
        }
        self.bearers = bearers
    }

    private static func bearer(_ line: Substring, place: String) throws(AdminTokensError) -> Bearer {
        let parts = line.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw AdminTokensError(description: "\(place): expected `role:name:sha256-hex of a bearer token`")
        }
        guard let role = AdminRole(rawValue: String(parts[0])) else {
            let nearest = nearestName(to: String(parts[0]), among: AdminRole.allCases.map(\.rawValue)) ?? ""
            throw AdminTokensError(
                description: "\(place): there is no role \(parts[0].prefix(32)); did you mean \(nearest)?")
        }
        guard (1...64).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            throw AdminTokensError(
                description: "\(place): a name is 1 to 64 printable characters without spaces")
        }
        let digits = parts[2].utf8.compactMap(hexDigitValue)
        guard digits.count == 64, parts[2].utf8.count == 64 else {
            throw AdminTokensError(
                description: "\(place): a SHA-256 has 64 hexadecimal digits; make it with "
                    + "`printf %s \"$token\" | sha256sum`")
        }
        let digest = stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        return Bearer(role: role, name: String(parts[1]), digest: digest)
    }

    /// The bearer of a token; every line is compared, each in constant time.
    func bearer(of token: Secret) -> Bearer? {
        token.withBytes { bytes -> Bearer? in
            guard bytes.count <= AdminTokens.tokenLimit else { return nil }
            var hash = SHA256()
            hash.update(bufferPointer: bytes)
            let digest = Array(hash.finalize())
            var found: Bearer?
            for bearer in bearers where equalInConstantTime(bearer.digest, digest) { found = bearer }
            return found
        }
    }
}
