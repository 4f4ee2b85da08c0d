// What every token store does: the suite that the one in memory and the database's both pass.
package import BursarCore
internal import Testing

/// A token store in a world that can be changed as commands change it.
package protocol TokenStoreWorld: Sendable {
    associatedtype Store: TokenStore
    var store: Store { get }
    /// A slot of a new, active credential of version 1, whose owner has a data key of version 1. Every call
    /// makes another owner.
    func makeSlot() async throws -> SlotKey
    /// The credential's secret was replaced: its version grows by one.
    func replaceCredential(of slot: SlotKey) async throws
    /// The credential became pending.
    func suspendCredential(of slot: SlotKey) async throws
    /// The credential was replaced by another, and is kept.
    func keepCredential(of slot: SlotKey) async throws
    /// The credential is gone, and its slots with it.
    func removeCredential(of slot: SlotKey) async throws
    func credentialState(of slot: SlotKey) async throws -> Credential.State?
}

/// One behaviour each. Run them as the arguments of one test:
/// `@Test(arguments: TokenStoreBehaviour.allCases) func tokenStore(_ it: TokenStoreBehaviour)`.
package enum TokenStoreBehaviour: String, CaseIterable, Sendable {
    case leaseIsExclusive
    case leaseThatEndedIsTakenOver
    case everyLeaseHasALaterEpoch
    case slotsOfOtherOwnersAreApart
    case publishedTokenComesBackWhole
    case tokenWithoutRefreshTokenComesBackWithoutOne
    case timesAreRelativeToNow
    case aTokenThatIsLongOnItsWayEndsNoLater
    case goodTokenMakesTheLeaseNeedless
    case goodTokenIsGivenWhileAnotherLeases
    case tokenThatIsNotNewerDoesNot
    case tokenThatEndsTooSoonDoesNot
    case previousTokenComesWithTheLease
    case publishingGivesTheLeaseBack
    case publishingUnderAnEarlierEpochIsRefused
    case publishingAfterTheLeaseEndedIsTakenWhileNobodyElseHasIt
    case publishingForAReplacedCredentialIsRefused
    case publishingForARemovedCredentialIsRefused
    case releaseGivesTheLeaseBack
    case releaseUnderAnEarlierEpochChangesNothing
    case releaseKeepsTheStoredToken
    case whoLeavesGivesBackItsOwnLeasesAlone
    case rejectionIsQuarantined
    case quarantineEndsByItself
    case otherFailuresAreNotQuarantined
    case aTimeThatTheProviderNamedHoldsForEveryReplica
    case aTimeThatTheProviderNamedEndsByItself
    case releaseWithoutAFailureKeepsWhatIsRemembered
    case storedTokenIsFoundWithoutALease
    case storedTokenIsGivenDuringAQuarantine
    case rejectionMarksTheCredentialAndASuccessClearsIt
    case pardonEndsTheQuarantineOfThoseAlone
    case pardonLeavesOtherFailuresAndLeasesAlone
    case removedCredentialIsSuperseded
    case replacedCredentialIsSuperseded
    case storedTokenOfAReplacedCredentialIsNotGiven
    case pendingCredentialIsSuperseded
    case keptCredentialIsLeasedAndStored
    case leaseTellsTheLatestGenerationOfItsOwner

    package func check(in world: some TokenStoreWorld) async throws {
        let slot = try await world.makeSlot()
        let trial = TokenStoreTrial(world: world, slot: slot)
        switch self {
        case .leaseIsExclusive: try await trial.leaseIsExclusive()
        case .leaseThatEndedIsTakenOver: try await trial.leaseThatEndedIsTakenOver()
        case .everyLeaseHasALaterEpoch: try await trial.everyLeaseHasALaterEpoch()
        case .slotsOfOtherOwnersAreApart: try await trial.slotsOfOtherOwnersAreApart()
        case .publishedTokenComesBackWhole: try await trial.publishedTokenComesBackWhole()
        case .tokenWithoutRefreshTokenComesBackWithoutOne:
            try await trial.tokenWithoutRefreshTokenComesBackWithoutOne()
        case .timesAreRelativeToNow: try await trial.timesAreRelativeToNow()
        case .aTokenThatIsLongOnItsWayEndsNoLater: try await trial.aTokenThatIsLongOnItsWayEndsNoLater()
        case .goodTokenMakesTheLeaseNeedless: try await trial.goodTokenMakesTheLeaseNeedless()
        case .goodTokenIsGivenWhileAnotherLeases: try await trial.goodTokenIsGivenWhileAnotherLeases()
        case .tokenThatIsNotNewerDoesNot: try await trial.tokenThatIsNotNewerDoesNot()
        case .tokenThatEndsTooSoonDoesNot: try await trial.tokenThatEndsTooSoonDoesNot()
        case .previousTokenComesWithTheLease: try await trial.previousTokenComesWithTheLease()
        case .publishingGivesTheLeaseBack: try await trial.publishingGivesTheLeaseBack()
        case .publishingUnderAnEarlierEpochIsRefused: try await trial.publishingUnderAnEarlierEpochIsRefused()
        case .publishingAfterTheLeaseEndedIsTakenWhileNobodyElseHasIt:
            try await trial.publishingAfterTheLeaseEndedIsTaken()
        case .publishingForAReplacedCredentialIsRefused:
            try await trial.publishingIsRefused { try await world.replaceCredential(of: slot) }
        case .publishingForARemovedCredentialIsRefused:
            try await trial.publishingIsRefused { try await world.removeCredential(of: slot) }
        case .releaseGivesTheLeaseBack: try await trial.releaseGivesTheLeaseBack()
        case .releaseUnderAnEarlierEpochChangesNothing:
            try await trial.releaseUnderAnEarlierEpochChangesNothing()
        case .releaseKeepsTheStoredToken: try await trial.releaseKeepsTheStoredToken()
        case .whoLeavesGivesBackItsOwnLeasesAlone: try await trial.whoLeavesGivesBackItsOwnLeases()
        case .rejectionIsQuarantined: try await trial.rejectionIsQuarantined()
        case .quarantineEndsByItself: try await trial.quarantineEndsByItself()
        case .otherFailuresAreNotQuarantined: try await trial.otherFailuresAreNotQuarantined()
        case .aTimeThatTheProviderNamedHoldsForEveryReplica: try await trial.aNamedTimeHoldsForEveryReplica()
        case .aTimeThatTheProviderNamedEndsByItself: try await trial.aNamedTimeEndsByItself()
        case .releaseWithoutAFailureKeepsWhatIsRemembered: try await trial.releaseWithoutAFailure()
        case .storedTokenIsFoundWithoutALease: try await trial.storedTokenIsFoundWithoutALease()
        case .storedTokenIsGivenDuringAQuarantine: try await trial.storedTokenIsGivenDuringAQuarantine()
        case .rejectionMarksTheCredentialAndASuccessClearsIt: try await trial.rejectionMarksTheCredential()
        case .pardonEndsTheQuarantineOfThoseAlone:
            try await trial.pardonEndsTheQuarantine(sparing: try await world.makeSlot())
        case .pardonLeavesOtherFailuresAndLeasesAlone: try await trial.pardonLeavesOthersAlone()
        case .removedCredentialIsSuperseded:
            try await trial.isSuperseded { try await world.removeCredential(of: slot) }
        case .replacedCredentialIsSuperseded:
            try await trial.isSuperseded { try await world.replaceCredential(of: slot) }
        case .storedTokenOfAReplacedCredentialIsNotGiven:
            try await trial.isSupersededThoughATokenIsStored { try await world.replaceCredential(of: slot) }
        case .pendingCredentialIsSuperseded:
            try await trial.isSuperseded { try await world.suspendCredential(of: slot) }
        case .keptCredentialIsLeasedAndStored:
            try await trial.isLeasedAndStored { try await world.keepCredential(of: slot) }
        case .leaseTellsTheLatestGenerationOfItsOwner:
            try await trial.leaseTellsTheLatestGenerationOfItsOwner()
        }
    }
}
