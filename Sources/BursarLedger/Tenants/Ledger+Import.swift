// Many tenants and connections in one transaction.
package import BursarCore

/// A tenant as an import file names it.
package struct TenantImport: Sendable {
    package struct Connection: Sendable {
        package let provider: ProviderID
        package let environment: ProviderEnvironment
        package let clientID: String?
        package let secretReference: String?

        package init(
            provider: ProviderID, environment: ProviderEnvironment, clientID: String?,
            secretReference: String?
        ) {
            self.provider = provider
            self.environment = environment
            self.clientID = clientID
            self.secretReference = secretReference
        }
    }

    package let tenant: Tenant
    package var connections: [Connection]

    package init(tenant: Tenant, connections: [Connection]) {
        self.tenant = tenant
        self.connections = connections
    }
}

extension Ledger {
    /// Adds every tenant and connection, or nothing. A dry run does all of it and takes it back, so that what
    /// it says is what would happen. Returns one line for each thing done.
    package func importTenants(
        _ tenants: [TenantImport], dryRun: Bool, sealing: Sealing, by actor: Actor
    ) async throws -> [String] {
        do {
            return try await change(by: actor) { change in
                var actions: [String] = []
                for imported in tenants {
                    try imported.requireNoConnectionTwice()
                    try await change.add(imported.tenant, sealing: sealing)
                    actions.append("add the tenant \(imported.tenant.id) \(imported.tenant.name)")
                    for connection in imported.connections {
                        let input = connection.input(of: imported.tenant.id)
                        _ = try await change.set(input, sealing: sealing)
                        let state = input.isPending ? ", pending" : ""
                        actions.append("connect it to \(input.provider) \(input.environment)\(state)")
                    }
                }
                if dryRun { throw DryRun(actions: actions) }
                return actions
            }
        } catch let dryRun as DryRun {
            return dryRun.actions
        }
    }

    /// Thrown to roll back a dry run.
    private struct DryRun: Error {
        let actions: [String]
    }
}

extension TenantImport {
    /// The second one would wait to replace the first.
    fileprivate func requireNoConnectionTwice() throws {
        let names = connections.map { "\($0.provider) \($0.environment)" }
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw LedgerError.refused("the tenant \(tenant.id) stands twice with \(name) in the file")
        }
    }
}

extension TenantImport.Connection {
    /// Without an id or a secret it waits for them: pending.
    fileprivate func input(of tenant: TenantID) -> CredentialInput {
        CredentialInput(
            provider: provider, environment: environment, clientID: clientID,
            secret: secretReference.map { .reference($0) } ?? .missing, tenants: [tenant], sharesToken: false,
            isPending: clientID == nil || secretReference == nil)
    }
}
