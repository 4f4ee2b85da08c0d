// Control calls about credentials; the same reading serves the --credentials file.

/// A client that a provider is to know.
struct CredentialEntry: Sendable {
    let provider: Provider
    let client: ClientID
    let secret: ClientSecret
    let overlap: Bool

    private static let longestSecret = 4096

    init(_ members: inout ControlMembers) throws(ControlRefusal) {
        provider = try members.provider()
        client = try Self.client(&members)
        let secret = try members.text("client_secret")
        guard secret.utf8.count <= Self.longestSecret else {
            throw ControlRefusal("client_secret is longer than \(Self.longestSecret) bytes")
        }
        self.secret = ClientSecret(secret)
        overlap = try members.flag("overlap")
    }

    static func client(_ members: inout ControlMembers) throws(ControlRefusal) -> ClientID {
        let client = ClientID(try members.text("client_id"))
        guard client.bytes.count <= ClientID.longest else {
            throw ControlRefusal("client_id is longer than \(ClientID.longest) bytes")
        }
        return client
    }

    /// The entries of a credentials file.
    static func list(_ bytes: [UInt8]) throws(ControlRefusal) -> [CredentialEntry] {
        guard case .array(let values) = try? JSONParser.parse(bytes) else {
            throw ControlRefusal("not a JSON array")
        }
        var entries: [CredentialEntry] = []
        for (index, value) in values.enumerated() {
            guard case .object(let object) = value else {
                throw ControlRefusal("entry \(index) is not an object")
            }
            do throws(ControlRefusal) {
                var members = ControlMembers(object)
                entries.append(try CredentialEntry(&members))
                try members.finish()
            } catch {
                throw ControlRefusal("entry \(index): \(error.message)")
            }
        }
        return entries
    }
}

extension SimulatorState {
    mutating func put(_ entry: CredentialEntry) throws(ControlRefusal) {
        do {
            try credentials.put(entry.secret, of: entry.client, at: entry.provider, overlap: entry.overlap)
        } catch {
            throw ControlRefusal("there are too many clients already", status: 507)
        }
    }
}

extension ControlRoutes {
    @Sendable func putCredential(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        let entry = try call.members { (members) throws(ControlRefusal) in try CredentialEntry(&members) }
        try simulator.change { (state, _) throws(ControlRefusal) in try state.put(entry) }
        return Self.done
    }

    @Sendable func deleteCredential(_ call: ControlCall) throws(ControlRefusal) -> JSONValue {
        let (provider, client) = try call.members { (members) throws(ControlRefusal) in
            (try members.provider(), try CredentialEntry.client(&members))
        }
        let existed = simulator.change { state, _ in state.credentials.remove(client, at: provider) }
        guard existed else { throw ControlRefusal("no such client", status: 404) }
        return Self.done
    }
}
