// A credential as the directory holds it.
internal import BursarCore

/// A credential in one of its versions, one for all connections and slots by it. There are as many as
/// tenants, and only flights want to know what to send to the provider: that lies in one piece of memory,
/// and is taken out when it is asked for.
final class CredentialEntry: Sendable {
    let id: CredentialID
    let keys: OwnerKeys
    let provider: ProviderID
    private let heldVersion: Int32
    let environment: ProviderEnvironment
    let state: Credential.State
    /// Whether several tenants share it.
    let isPlatform: Bool
    /// Whether its token may go to a client that acts for only some of its tenants (PROVIDERS B5).
    let sharesToken: Bool
    private let sent: SentParts

    /// - Parameter keys: of the credential's owner.
    init(_ credential: Credential, keys: OwnerKeys) {
        id = credential.id
        self.keys = keys
        provider = credential.provider
        heldVersion = Int32(credential.version)
        environment = credential.environment
        state = credential.state
        isPlatform = credential.isPlatform
        sharesToken = credential.sharesToken
        sent = SentParts(clientID: credential.clientID, secret: credential.secret)
    }

    var owner: OwnerID { keys.owner }
    var version: Int { Int(heldVersion) }
    var clientID: String? { sent.clientID }
    var secret: Credential.Source { sent.secret }
}

/// What a credential sends to its provider: a client id, and where the secret is.
private struct SentParts {
    /// The client id in UTF-8, and behind it the sealed secret or the reference to it.
    private let bytes: [UInt8]
    /// Nil where there is no client id, which an empty one is not.
    private let clientIDCount: Int32?
    private let kind: Kind

    private enum Kind {
        case sealed(keyVersion: Int32)
        case reference, missing
    }

    init(clientID: String?, secret: Credential.Source) {
        let client = (clientID ?? "").utf8
        let rest: [UInt8]
        switch secret {
        case .sealed(let sealed):
            (kind, rest) = (.sealed(keyVersion: Int32(sealed.keyVersion)), sealed.bytes)
        case .reference(let reference): (kind, rest) = (.reference, Array(reference.utf8))
        case .missing: (kind, rest) = (.missing, [])
        }
        clientIDCount = clientID == nil ? nil : Int32(client.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(client.count + rest.count)
        bytes += client
        bytes += rest
        self.bytes = bytes
    }

    var clientID: String? {
        clientIDCount.map { String(decoding: bytes.prefix(Int($0)), as: UTF8.self) }
    }

    var secret: Credential.Source {
        let rest = bytes.dropFirst(Int(clientIDCount ?? 0))
        return switch kind {
        case .sealed(let version): .sealed(SealedValue(bytes: Array(rest), keyVersion: Int(version)))
        case .reference: .reference(String(decoding: rest, as: UTF8.self))
        case .missing: .missing
        }
    }
}
