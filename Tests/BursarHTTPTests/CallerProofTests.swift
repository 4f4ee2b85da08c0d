// Where a caller may say who it is, and where it may not say it twice.
import BursarCore
import BursarGateway
import Testing

@testable import BursarHTTP

@Suite struct CallerProofTests {
    /// `id:secret`
    private let basic = ("Authorization", "Basic aWQ6c2VjcmV0")

    private func proof(_ form: String, _ fields: [(String, String)]) throws(RequestFault) -> CallerProof {
        try CallerProof(request(.oauthToken, fields), form: (try? FormMembers(form.utf8)) ?? FormMembers())
    }

    private func flaw(_ form: String, _ fields: [(String, String)]) -> RequestFault? {
        fault { () throws(RequestFault) in _ = try proof(form, fields) }
    }

    @Test(arguments: ["Basic aWQ6c2VjcmV0", "basic aWQ6c2VjcmV0", "BASIC   aWQ6c2VjcmV0"])
    func basicIsRead(field: String) throws {
        let caller = try proof("", [("Authorization", field)])
        #expect(caller.proof.clientID?.revealText() == "id")
        #expect(caller.proof.secret.revealText() == "secret")
        #expect(caller.scheme == .basic)
    }

    @Test(arguments: ["Bearer secret", "bearer  secret"]) func bearerNamesNoID(field: String) throws {
        let caller = try proof("", [("authorization", field)])
        #expect(caller.proof.clientID == nil)
        #expect(caller.proof.secret.revealText() == "secret")
        #expect(caller.scheme == .bearer)
    }

    @Test func formIsRead() throws {
        let caller = try proof("client_id=id&client_secret=sec%72et", [])
        #expect(caller.proof.clientID?.revealText() == "id")
        #expect(caller.proof.secret.revealText() == "secret")
        #expect(caller.scheme == .form)
    }

    @Test func equalIDBesideBasicIsFine() throws {
        #expect(try proof("client_id=id", [basic]).proof.clientID?.revealText() == "id")
    }

    @Test func idBesideBearerIsChecked() throws {
        let caller = try proof("client_id=id", [("Authorization", "Bearer s")])
        #expect(caller.proof.clientID?.revealText() == "id")
    }

    @Test func differentIDBesideBasicIsRefused() {
        #expect(flaw("client_id=other", [basic]) == .clientIDMismatch)
    }

    @Test func secondSecretIsRefused() {
        #expect(flaw("client_secret=secret", [basic]) == .secretTwice)
        #expect(flaw("client_id=id&client_secret=secret", [("Authorization", "Bearer s")]) == .secretTwice)
    }

    @Test func nothingAtAllIsMissing() {
        #expect(flaw("", []) == .authenticationMissing)
        #expect(flaw("client_id=id", []) == .authenticationMissing)
        #expect(flaw("client_id=id&client_secret=", []) == .authenticationMissing)
        #expect(flaw("client_secret=s", []) == .clientIDMissing)
    }

    @Test func headerThatStandsTwiceIsRefused() {
        #expect(flaw("", [basic, basic]) == .fieldRepeated("Authorization"))
    }

    @Test(arguments: [
        ("", Authorization.Flaw.schemeUnknown), ("Digest x", .schemeUnknown),
        ("aWQ6c2VjcmV0", .schemeUnknown),
        ("Basic", .basicWithoutColon), ("Basic !", .basicNotBase64), ("Basic aWQ", .basicWithoutColon),
        ("Basic aWQ6c2 VjcmV0", .basicNotBase64), ("Bearer", .bearerMalformed), ("Bearer ", .bearerMalformed),
        ("Bearer a b", .bearerMalformed),
    ]) func unreadableHeaderSaysWhatIsWrong(field: String, expected: Authorization.Flaw) {
        #expect(flaw("", [("Authorization", field)]) == .authorizationUnreadable(expected))
    }
}
