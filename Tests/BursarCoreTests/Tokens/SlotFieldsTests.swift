// What tells slots apart.
import BursarCore
import Testing

@Suite struct SlotFieldsTests {
    static func id(_ number: UInt64) -> UUIDValue { UUIDValue(high: 0, low: number) }

    private func fields(
        credential: UInt64 = 1, version: Int = 1, environment: ProviderEnvironment = .sandbox,
        url: String = "https://p.example/token", scope: String? = nil
    ) -> SlotFields {
        SlotFields(
            owner: OwnerID(Self.id(9)), provider: ProviderID("zatlas")!, environment: environment,
            credential: CredentialID(Self.id(credential)), credentialVersion: version, tokenURL: url,
            scope: scope)
    }

    @Test func everyFieldThatDecidesMakesAnotherSlot() {
        let all = [
            fields(), fields(credential: 2), fields(version: 2), fields(version: 11),
            fields(environment: .production),
            fields(url: "https://q.example/token"), fields(scope: "a"), fields(scope: "a b"),
            fields(scope: ""),
        ]
        #expect(Set(all.map(\.canonicalBytes)).count == all.count)
        #expect(Set(all).count == all.count)
    }

    @Test func equalFieldsMakeTheSameSlot() {
        #expect(fields(scope: "a").canonicalBytes == fields(scope: "a").canonicalBytes)
    }

    @Test func charactersCannotWanderFromOneFieldToTheNext() {
        #expect(fields(url: "ab", scope: "c").canonicalBytes != fields(url: "a", scope: "bc").canonicalBytes)
        #expect(fields(url: "ab", scope: "").canonicalBytes != fields(url: "a", scope: "b").canonicalBytes)
        #expect(fields(scope: nil).canonicalBytes != fields(scope: "").canonicalBytes)
    }
}
