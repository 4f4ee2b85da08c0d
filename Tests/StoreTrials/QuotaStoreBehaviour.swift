// What every quota store does: the suite that the one in memory and the database's both pass.
package import BursarCore
internal import Testing

/// A quota store whose offers the suite can make old.
package protocol QuotaStoreWorld: Sendable {
    associatedtype Store: QuotaStore
    var store: Store { get }
    /// All that was offered and wanted until now is three seconds older.
    func age() async throws
}

/// One behaviour each. Run them as the arguments of one test:
/// `@Test(arguments: QuotaStoreBehaviour.allCases) func quotaStore(_ it: QuotaStoreBehaviour)`.
package enum QuotaStoreBehaviour: String, CaseIterable, Sendable {
    case anOfferIsTakenOnce
    case noMoreIsTakenThanIsAskedFor
    case offersOfSeveralReplicasAreTakenTogether
    case nobodyTakesHisOwnOffer
    case offersAddUp
    case whoOffersLearnsWhatIsLeft
    case anOfferEndsWithTime
    case addingToAnEndedOfferDoesNotReviveIt
    case othersLearnWhoIsWanted
    case anAskThatWasNotRepeatedIsForgotten
    case anExchangeThatComesLateDoesNothing
    case tenantsAreApart
    case allTenantsOfAnExchangeAreSettled
    case anEmptyExchangeOnlyTellsWhatIsWanted
    case largeAmountsAreKept

    package func check(in world: some QuotaStoreWorld) async throws {
        let trial = QuotaStoreTrial(world: world)
        switch self {
        case .anOfferIsTakenOnce: try await trial.anOfferIsTakenOnce()
        case .noMoreIsTakenThanIsAskedFor: try await trial.noMoreIsTakenThanIsAskedFor()
        case .offersOfSeveralReplicasAreTakenTogether:
            try await trial.offersOfSeveralReplicasAreTakenTogether()
        case .nobodyTakesHisOwnOffer: try await trial.nobodyTakesHisOwnOffer()
        case .offersAddUp: try await trial.offersAddUp()
        case .whoOffersLearnsWhatIsLeft: try await trial.whoOffersLearnsWhatIsLeft()
        case .anOfferEndsWithTime: try await trial.anOfferEndsWithTime()
        case .addingToAnEndedOfferDoesNotReviveIt: try await trial.addingToAnEndedOfferDoesNotReviveIt()
        case .othersLearnWhoIsWanted: try await trial.othersLearnWhoIsWanted()
        case .anAskThatWasNotRepeatedIsForgotten: try await trial.anAskThatWasNotRepeatedIsForgotten()
        case .anExchangeThatComesLateDoesNothing: try await trial.anExchangeThatComesLateDoesNothing()
        case .tenantsAreApart: try await trial.tenantsAreApart()
        case .allTenantsOfAnExchangeAreSettled: try await trial.allTenantsOfAnExchangeAreSettled()
        case .anEmptyExchangeOnlyTellsWhatIsWanted: try await trial.anEmptyExchangeOnlyTellsWhatIsWanted()
        case .largeAmountsAreKept: try await trial.largeAmountsAreKept()
        }
    }
}
