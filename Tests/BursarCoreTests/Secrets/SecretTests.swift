// A secret is never seen, however it is printed.
import BursarCore
import Testing

@Suite struct SecretTests {
    static let plaintext = "hunter2-plaintext"
    let secret = Secret(Self.plaintext)

    private struct Holder {
        let name = "holder"
        let secret: Secret
    }

    private struct Failure: Error {
        let secret: Secret
    }

    private enum Choice { case one(Secret) }

    @Test func noWayOfPrintingShowsIt() {
        let holder = Holder(secret: secret)
        let failure: any Error = Failure(secret: secret)
        var texts: [String] = [
            "\(secret)", secret.description, secret.debugDescription, String(describing: secret),
            String(reflecting: secret), "\(holder)", String(reflecting: holder), "\(Optional(secret) as Any)",
            String(reflecting: Optional(secret)), "\([secret])", "\(["key": secret])", "\(failure)",
            String(reflecting: failure), "\(Choice.one(secret))", "\((1, secret))",
            "\(Mirror(reflecting: secret))",
        ]
        var dumped = ""
        dump(secret, to: &dumped)
        dump(holder, to: &dumped)
        dump([Optional(secret)], to: &dumped)
        dump(failure, to: &dumped)
        var printed = ""
        print(secret, holder, failure, Choice.one(secret), to: &printed)
        debugPrint(secret, holder, failure, to: &printed)
        texts += [dumped, printed]
        for text in texts {
            #expect(!text.contains(Self.plaintext) && !text.contains("hunter"))
            #expect(!text.contains("104, 117"), "the bytes of `hu`")
        }
        #expect(printed.contains("<redacted>"))
    }

    @Test func reflectionFindsNothingInside() {
        #expect(Mirror(reflecting: secret).children.isEmpty)
        #expect(Mirror(reflecting: Holder(secret: secret)).descendant("secret", "storage") == nil)
    }

    @Test func tokensAndGrantsHideTheirs() {
        let token = Token(
            access: secret, issuedAt: Instant(seconds: 0), expiresAt: Instant(seconds: 300),
            generation: Generation(1), jitter: 0,
            refresh: RefreshGrant(token: secret, until: Instant(seconds: 9)))
        var text = "\(token)\(TokenReply(accessToken: secret, lifetime: .zero, refreshToken: secret))"
        dump(token, to: &text)
        #expect(!text.contains("hunter"))
    }

    @Test func itComesBackOnlyByAnExplicitCall() {
        #expect(secret.revealText() == Self.plaintext)
        #expect(secret.reveal() == Array(Self.plaintext.utf8))
        #expect(secret.withBytes { $0.count } == Self.plaintext.utf8.count)
        #expect(secret.count == Self.plaintext.utf8.count && !secret.isEmpty && Secret("").isEmpty)
        #expect(Secret([0xff, 0xfe]).revealText() == "\u{fffd}\u{fffd}")
    }

    @Test func equalityIsOfContents() {
        #expect(secret == Secret(Self.plaintext))
        #expect(secret != Secret(Self.plaintext + "x") && secret != Secret("") && Secret("") == Secret(""))
        #expect(!equalInConstantTime([1, 2, 3], [1, 2, 4]) && !equalInConstantTime([1], [1, 2]))
        #expect(equalInConstantTime([1, 2, 3], [1, 2, 3]))
    }
}
