// Tokens for one invoice: stated, recorded, never kept (PROVIDERS A1 to A4).
import BursarCore
import BursarGateway
import BursarTestSupport
import Testing

@Suite struct ScopedTests {
    let fixture = GatewayFixture()
    let merchant: TestMerchant

    init() { merchant = fixture.addMerchant(.alternative, lifetime: .seconds(3_600)) }

    static let members = ["customer_id": "c-1", "invoice_id": "i-1", "subject": "anna@example.com"]

    private func ask(
        _ members: [String: String] = members, by client: TestClient? = nil
    ) -> Answer<ServedScopedToken>? {
        let request = ScopedRequest(token: (client ?? merchant.client).request, members: members)
        let answer = fixture.scoped(request)
        fixture.settle()
        return answer.value
    }

    @Test func aScopedTokenIsForTheCustomerAndTheInvoiceAsked() throws {
        let served = try #require(ask()?.value)
        let text = served.token.revealText()
        #expect(text.contains("customer_id=c-1") && text.contains("invoice_id=i-1"))
        #expect(text.contains("client_id=\(merchant.account)"))
        #expect(text.contains("business_uuid=\(merchant.tenant)"))
        #expect(served.lifetime == .seconds(600))
    }

    @Test func itIsNeverKept() {
        #expect(ask()?.value != nil && ask()?.value != nil)
        #expect(fixture.provider.count(.scoped) == 2)
        #expect(fixture.provider.count(.full) == 1, "the tenant's token is")
    }

    @Test(arguments: ["customer_id", "invoice_id", "subject"])
    func aMissingMemberIsNamedAndTheProviderIsNotAsked(name: String) {
        var members = Self.members
        members[name] = nil
        #expect(ask(members)?.refusal == .memberMissing(name))
        #expect(fixture.provider.calls.isEmpty && fixture.statements.statements.isEmpty)
    }

    @Test func callersCannotSpeakForAnotherClientOrBusiness() throws {
        var members = Self.members
        members["client_id"] = "someone else"
        members["business_uuid"] = "another business"
        let text = try #require(ask(members)?.value).token.revealText()
        #expect(!text.contains("someone") && !text.contains("another"))
    }

    // MARK: The statement

    @Test func theStatementIsRecordedBeforeTheProviderIsAsked() throws {
        let statements = fixture.statements
        let known = Observation()
        fixture.provider.behave { call in
            if call.step == .scoped { known.note(statements.statements.count) }
            return .answer
        }
        #expect(ask()?.value != nil)
        #expect(known.seen == [1])
        let statement = try #require(fixture.statements.statements.first)
        #expect(statement.tenant == merchant.tenant && statement.client == merchant.client.id)
        #expect(statement.provider == ProviderProfile.alternative.id && statement.environment == .sandbox)
        #expect(Set(statement.memberHashes.keys) == ["customer_id", "invoice_id"])
    }

    @Test func theStatementHoldsHashesThatDifferByTenant() throws {
        let other = fixture.addMerchant(.alternative)
        #expect(ask()?.value != nil && ask()?.value != nil)
        #expect(ask(by: other.client)?.value != nil)
        let hashes = fixture.statements.statements.map(\.subjectHash)
        #expect(hashes[0] == hashes[1] && hashes[0] != hashes[2])
        #expect(!"\(fixture.statements.statements)".contains("anna"))
    }

    @Test func withoutTheStoreNoScopedTokenIsAskedFor() {
        fixture.statements.availability.failure = .unavailable
        #expect(ask()?.refusal == .statementUnrecorded)
        #expect(fixture.provider.calls.isEmpty)
        fixture.statements.availability.failure = nil
        #expect(ask()?.value != nil)
    }

    // MARK: The ladder

    @Test func aTokenThatTheProviderRefusesIsRenewedOnceAndTriedOnceMore() throws {
        #expect(ask()?.value != nil)
        let token = try #require(fixture.ask(merchant.client.request).served).token
        fixture.provider.revoke(token.access)
        #expect(ask()?.value != nil)
        #expect(fixture.provider.count(.full) == 2 && fixture.provider.count(.scoped) == 3)
    }

    @Test func aSecondRefusalIsTheAnswer() {
        fixture.provider.behave { $0.step == .scoped ? .fail(ExchangeFailure(.tokenRefused)) : .answer }
        guard case .unavailable(.tokenRefused, _) = ask()?.refusal else {
            Issue.record("refused twice is refused")
            return
        }
        #expect(fixture.provider.count(.full) == 2 && fixture.provider.count(.scoped) == 2)
    }

    @Test func claimsThatDoNotFitAreNoToken() {
        fixture.provider.behave { $0.step == .scoped ? .fail(ExchangeFailure(.claimsMismatch)) : .answer }
        guard case .unavailable(.claimsMismatch, _) = ask()?.refusal else {
            Issue.record("a mismatch is a failure")
            return
        }
        #expect(fixture.provider.count(.scoped) == 1, "and no reason to ask again")
    }

    @Test func aProviderWithoutTheStepSaysSo() {
        let plain = fixture.addMerchant(.zertiban)
        #expect(ask(by: plain.client)?.refusal == .scopedUnsupported)
    }

    @Test func everyScopedCallIsAnEventAndEveryAnswerIsCounted() {
        _ = ask()
        fixture.provider.behave { $0.step == .scoped ? .fail(ExchangeFailure(.serverError)) : .answer }
        _ = ask()
        fixture.flush()
        #expect(fixture.usage.events.map(\.step) == [.full, .scoped, .scoped])
        #expect(fixture.usage.events.map(\.failure) == [nil, nil, .serverError])
        #expect(fixture.usage.sum(of: .answeredScoped) == 1)
        #expect(fixture.usage.sum(of: .failedByProvider) == 1)
        #expect(fixture.usage.sum == 2)
    }
}
