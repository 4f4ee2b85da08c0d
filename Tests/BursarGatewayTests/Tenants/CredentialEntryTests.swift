// A credential comes out of its entry as it went in.
import BursarCore
import Testing

@testable import BursarGateway

@Suite struct CredentialEntryTests {
    static let clientIDs: [String?] = [nil, "", "id", "ein Händler, ünd länger als fünfzehn Zeichen"]
    static let secrets: [Credential.Source] = [
        .missing, .reference(""), .reference("env:BURSAR_SECRET_É"),
        .sealed(SealedValue(bytes: [], keyVersion: 1)),
        .sealed(SealedValue(bytes: [0, 255, 10, 0], keyVersion: Int(Int32.max))),
    ]

    @Test(arguments: clientIDs, secrets)
    func whatIsSentIsWhatWasStored(clientID: String?, secret: Credential.Source) throws {
        let credential = try Self.credential(clientID: clientID, secret: secret)
        let entry = CredentialEntry(credential, keys: OwnerKeys(owner: credential.owner))
        #expect(entry.clientID == clientID)
        #expect(entry.secret == secret)
    }

    @Test(arguments: Credential.State.allCases, [false, true])
    func theRestIsAsItWas(state: Credential.State, flag: Bool) throws {
        let credential = try Self.credential(state: state, sharesToken: flag, isPlatform: !flag)
        let entry = CredentialEntry(credential, keys: OwnerKeys(owner: credential.owner))
        #expect(entry.id == credential.id && entry.owner == credential.owner)
        #expect(entry.provider == credential.provider && entry.environment == .production)
        #expect(entry.version == 7 && entry.state == state)
        #expect(entry.sharesToken == flag && entry.isPlatform == !flag)
    }

    @Test func anOwnersKeysAreTheirs() {
        let keys = OwnerKeys(owner: Self.owner)
        #expect(keys.all.isEmpty && keys.newest == nil)
        let given = [3, 9, 4].map {
            WrappedDataKey(owner: Self.owner, version: $0, keyID: "key \($0)", wrapped: [UInt8($0)])
        }
        keys.replace(given)
        #expect(keys.all == given && keys.newest == given[1])
        keys.replace([given[2]])
        #expect(keys.all == [given[2]] && keys.newest == given[2])
    }

    private static let owner = OwnerID(UUIDValue(high: 1, low: 2))

    private static func credential(
        clientID: String? = "id", secret: Credential.Source = .missing,
        state: Credential.State = .active, sharesToken: Bool = false, isPlatform: Bool = false
    ) throws -> Credential {
        Credential(
            id: CredentialID(UUIDValue(high: 3, low: 4)), owner: owner,
            provider: try #require(ProviderID("p1")), environment: .production, version: 7,
            clientID: clientID, secret: secret, state: state, sharesToken: sharesToken,
            isPlatform: isPlatform)
    }
}
