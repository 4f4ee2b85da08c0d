// Turns tokens into what the store keeps, and back.
internal import BursarCore
internal import BursarVault
internal import Logging

/// Tokens are sealed under the data key of their credential's owner, bound to their slot.
struct TokenSealer: Sendable {
    let vault: Vault
    let environment: GatewayEnvironment

    /// Nil when sealing fails, which is logged: the token is then served from memory only.
    func seal(_ token: Token, of cell: SlotCell, now: Instant) -> StoredToken? {
        do {
            guard let key = cell.context.keys.newest else {
                throw VaultError.dataKeyMissing(version: 0)
            }
            let access = try vault.seal(token.access, with: key, at: place("access_token", of: cell))
            let refresh = try token.refresh.map { grant in
                try vault.seal(grant.token, with: key, at: place("refresh_token", of: cell))
            }
            return StoredToken(
                access: access, refresh: refresh, generation: token.generation, age: now - token.issuedAt,
                remaining: token.expiresAt - now, refreshRemaining: token.refresh.map { $0.until - now },
                jitter: token.jitter)
        } catch {
            report("a token cannot be sealed", error, cell)
            return nil
        }
    }

    func open(_ stored: StoredToken, of cell: SlotCell, now: Instant) -> Token? {
        do {
            let access = try vault.open(
                stored.access, with: cell.context.keys.all, at: place("access_token", of: cell))
            return Token(
                access: access, issuedAt: now - stored.age, expiresAt: now + stored.remaining,
                generation: stored.generation, jitter: stored.jitter,
                refresh: openRefresh(stored, of: cell, now: now))
        } catch {
            report("a stored token does not open", error, cell)
            return nil
        }
    }

    func openRefresh(_ stored: StoredToken, of cell: SlotCell, now: Instant) -> RefreshGrant? {
        guard let sealed = stored.refresh, let remaining = stored.refreshRemaining else { return nil }
        do {
            let token = try vault.open(
                sealed, with: cell.context.keys.all, at: place("refresh_token", of: cell))
            return RefreshGrant(token: token, until: now + remaining)
        } catch {
            report("a stored refresh token does not open", error, cell)
            return nil
        }
    }

    private func place(_ column: String, of cell: SlotCell) -> SealedPlace {
        let fields = cell.context.fields
        return SealedPlace(
            table: "token_slot", column: column, owner: fields.owner, provider: fields.provider,
            row: hexText(cell.key.digest), version: fields.credentialVersion)
    }

    private func report(_ message: String, _ error: any Error, _ cell: SlotCell) {
        environment.logger.error(
            "\(message)", metadata: ["credential_id": "\(cell.context.credential.id)", "error": "\(error)"])
    }
}
