// What every replica store does: the suite that the one in memory and the database's both pass.
package import BursarCore
internal import Testing

/// A replica store in a world whose time passes when the test says so.
package protocol ReplicaStoreWorld: Sendable {
    associatedtype Store: ReplicaStore
    var store: Store { get }
    func pass(_ duration: Duration) async throws
    /// The configuration changes; its new version.
    func changeConfiguration() async throws -> ConfigVersion
}

/// One behaviour each, as `TokenStoreBehaviour`.
package enum ReplicaStoreBehaviour: String, CaseIterable, Sendable {
    case theOnlyReplicaGetsEverything
    case aNewcomerGetsNoMoreThanOthersHaveGivenUp
    case aShareIsKeptAsReportedUntilALowerOneIs
    case aHeartbeatThatComesLateChangesNothing
    case aSilentReplicaKeepsItsShareForAMinute
    case silenceOfEverybodyIsNobodys
    case aSuccessorInTheSameStateDirectoryTakesOver
    case aFarewellFreesTheShare
    case theNewsNamesVersionAndNumbers

    package func check(in world: some ReplicaStoreWorld) async throws {
        let trial = ReplicaStoreTrial(world: world)
        switch self {
        case .theOnlyReplicaGetsEverything: try await trial.theOnlyReplicaGetsEverything()
        case .aNewcomerGetsNoMoreThanOthersHaveGivenUp: try await trial.aNewcomerGetsWhatIsFree()
        case .aShareIsKeptAsReportedUntilALowerOneIs: try await trial.aShareIsKeptAsReported()
        case .aHeartbeatThatComesLateChangesNothing: try await trial.aLateHeartbeatChangesNothing()
        case .aSilentReplicaKeepsItsShareForAMinute: try await trial.aSilentReplicaKeepsItsShare()
        case .silenceOfEverybodyIsNobodys: try await trial.silenceOfEverybodyIsNobodys()
        case .aSuccessorInTheSameStateDirectoryTakesOver: try await trial.aSuccessorTakesOver()
        case .aFarewellFreesTheShare: try await trial.aFarewellFreesTheShare()
        case .theNewsNamesVersionAndNumbers: try await trial.theNewsNamesVersionAndNumbers()
        }
    }
}

private struct ReplicaStoreTrial<World: ReplicaStoreWorld> {
    let world: World

    func theOnlyReplicaGetsEverything() async throws {
        #expect(try await beat(1, 1, share: 0).share == .whole)
    }

    func aNewcomerGetsWhatIsFree() async throws {
        _ = try await beat(1, 1, share: 0)
        #expect(try await beat(2, 1, share: 0).share == .none)
        // The first lowers its share only when it says so.
        #expect(try await beat(1, 2, share: 1_000_000).share == .whole)
        #expect(try await beat(2, 2, share: 0).share == .none)
        #expect(try await beat(1, 3, share: 500_000).share == .equal(among: 2))
        #expect(try await beat(2, 3, share: 0).share == .equal(among: 2))
    }

    func aShareIsKeptAsReported() async throws {
        _ = try await beat(1, 1, share: 1_000_000)
        _ = try await beat(2, 1, share: 0)
        _ = try await beat(1, 2, share: 700_000)
        #expect(try await beat(2, 2, share: 0).share == ReplicaShare(millionths: 300_000))
        // Whoever applies more than there is to have, as after a long time alone, is not overruled.
        #expect(try await beat(2, 3, share: 600_000).share == ReplicaShare(millionths: 600_000))
    }

    func aLateHeartbeatChangesNothing() async throws {
        _ = try await beat(1, 5, share: 1_000_000)
        _ = try await beat(1, 4, share: 200_000)
        #expect(try await beat(2, 1, share: 0).share == .none)
    }

    func aSilentReplicaKeepsItsShare() async throws {
        _ = try await beat(1, 1, share: 0)
        // Few steps: a database's clock goes on by itself.
        for step in 1...8 {
            try await world.pass(.seconds(6))
            let news = try await beat(2, Int64(step), share: 0)
            #expect(news.share == .none && news.members == 2, "after \(step * 6) s")
        }
        for step in 9...11 {
            try await world.pass(.seconds(6))
            _ = try await beat(2, Int64(step), share: 0)
        }
        let news = try await beat(2, 12, share: 0)
        #expect(news.share == .whole && news.members == 1 && news.live == 1)
    }

    func silenceOfEverybodyIsNobodys() async throws {
        _ = try await beat(1, 1, share: 0)
        _ = try await beat(2, 1, share: 0)
        try await world.pass(.seconds(600))
        #expect(try await beat(2, 2, share: 0).members == 2)
        try await world.pass(.seconds(1))
        #expect(try await beat(1, 2, share: 1_000_000).share == .whole)
    }

    func aSuccessorTakesOver() async throws {
        _ = try await beat(1, 1, share: 0)
        _ = try await beat(2, 1, share: 0)
        let news = try await beat(3, 1, share: 0, place: 1)
        #expect(news.share == .equal(among: 2) && news.members == 2)
    }

    func aFarewellFreesTheShare() async throws {
        _ = try await beat(1, 1, share: 0)
        _ = try await beat(2, 1, share: 0)
        try await world.store.farewell(id(1))
        let news = try await beat(2, 2, share: 0)
        #expect(news.share == .whole && news.members == 1)
        try await world.store.farewell(id(9))
    }

    func theNewsNamesVersionAndNumbers() async throws {
        let version = try await world.changeConfiguration()
        _ = try await beat(1, 1, share: 0)
        try await world.pass(.seconds(9))
        _ = try await beat(2, 1, share: 0)
        try await world.pass(.seconds(2))
        let news = try await beat(3, 1, share: 0)
        #expect(news.version == version && news.members == 3 && news.live == 2)
        let later = try await world.changeConfiguration()
        #expect(try await beat(3, 2, share: 0).version == later && later > version)
    }

    // MARK: Steps

    private func id(_ replica: UInt64) -> ReplicaID { ReplicaID(UUIDValue(high: 1, low: replica)) }

    private func beat(
        _ replica: UInt64, _ number: Int64, share: Int, place: UInt64? = nil
    ) async throws -> ReplicaNews {
        try await world.store.beat(
            ReplicaReport(
                id: id(replica), place: UUIDValue(high: 2, low: place ?? replica),
                label: ReplicaLabel(name: "host-\(replica)", program: "test"), keyIDs: ["k1"], beat: number,
                applied: nil, share: ReplicaShare(millionths: share)))
    }
}
