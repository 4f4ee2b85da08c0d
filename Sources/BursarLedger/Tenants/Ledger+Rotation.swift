// One credential takes the place of another: what commands and the end of an overlap ask for.
package import BursarCore
internal import Postgres

/// What a change of credentials did.
package struct CredentialOutcome: Sendable, Hashable {
    package let credential: CredentialID
    /// The one that it replaced, which is kept for the overlap.
    package internal(set) var former: CredentialID?
    /// Those that were withdrawn at once.
    package internal(set) var retired: [CredentialID] = []

    init(_ credential: CredentialID) { self.credential = credential }
}

extension Ledger {
    /// The credential that `setCredential` would replace: then the new one has to be verified first. Refuses
    /// what that would refuse.
    package func credentialReplaced(by input: CredentialInput) async throws -> CredentialID? {
        try await retrying { connection in
            let change = ConfigurationChange(connection: connection)
            for tenant in input.tenants { try await change.requireTenant(tenant) }
            switch try await change.place(of: input) {
            case .first, .completes: return nil
            case .replaces(let present, _): return present.id
            }
        }
    }

    /// A pending credential goes into use, or a replaced one comes back. The provider is not asked.
    package func activateCredential(_ id: CredentialID, by actor: Actor) async throws -> CredentialOutcome {
        try await change(by: actor) { try await $0.activate(id) }
    }

    /// Withdraws a credential that no connection presently uses, and its tokens with it.
    package func retireCredential(_ id: CredentialID, by actor: Actor) async throws {
        try await change(by: actor) { try await $0.retire(id) }
    }

    /// Withdraws the credentials whose overlap is over; returns them. One replica finds each.
    package func retireDueCredentials() async throws(StoreFailure) -> [CredentialID] {
        try await serving(.retire) {
            try await change(by: Actor("gateway")) { change in
                let due = try await change.connection.query(
                    """
                    SELECT credential_id FROM bursar.credential
                    WHERE retires_at <= now() AND NOT EXISTS (
                        SELECT FROM bursar.connection
                        WHERE connection.credential_id = credential.credential_id)
                    ORDER BY retires_at LIMIT 100 FOR UPDATE SKIP LOCKED
                    """
                ).map { try $0.decode("credential_id", as: CredentialID.self) }
                for id in due { try await change.withdraw(id) }
                return due
            }
        }
    }
}
