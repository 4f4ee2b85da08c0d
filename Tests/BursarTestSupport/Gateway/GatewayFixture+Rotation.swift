// Rotations as commands make them, for a gateway under test.
package import BursarCore

extension GatewayFixture {
    /// `credential set` on a connection that has one: a new credential takes its place, and the former one is
    /// kept.
    package func replaceCredential(
        of merchant: TestMerchant, _ profile: ProviderProfile = .zertiban, lifetime: Duration = .seconds(300)
    ) -> (id: CredentialID, account: String) {
        let successor = addCredential(owner: OwnerID(merchant.tenant), profile, lifetime: lifetime)
        activate(successor.id, insteadOf: merchant.credential)
        return successor
    }

    /// `credential activate`.
    package func activate(_ successor: CredentialID, insteadOf present: CredentialID) {
        directory.change { tables in
            for (key, connection) in tables.connections where connection.credential == present {
                var changed = connection
                (changed.credential, changed.former) = (successor, present)
                tables.connections[key] = changed
                tables.touch(connection.tenant)
            }
            tables.credentials[successor]?.state = .active
            tables.credentials[present]?.state = .retiring
            tables.touch(successor)
            tables.touch(present)
        }
    }

    /// `credential retire`, or the end of the overlap.
    package func retire(_ credential: CredentialID) {
        directory.change { tables in
            for (key, connection) in tables.connections where connection.former == credential {
                tables.connections[key]?.former = nil
                tables.touch(connection.tenant)
            }
            tables.credentials[credential] = nil
            tables.touch(credential)
        }
        tokens.removeSlots(of: credential)
    }
}
