// --wait: a change is done when every live replica has applied it.
import ArgumentParser
import BursarCore
import BursarLedger
import Foundation

struct WaitOption: ParsableArguments {
    @Flag(
        name: .customLong("wait"), help: "Return when every live replica has applied it; after 30 s exit 1.")
    var isWanted = false
}

extension Administration {
    private static let patience: Duration = .seconds(30)

    /// Waits for the replicas where that is wanted. Called after the result was printed: what was asked for
    /// is done, whatever comes of the wait. Any later change counts as this one.
    func finish(_ wait: WaitOption) async throws {
        guard wait.isWanted else { return }
        let begin = ContinuousClock.now
        try await withLedger { ledger in
            let version = try await ledger.configurationVersion()
            while true {
                let replicas = ReplicaProgress(try await ledger.replicas(), version: version)
                let seconds = String(format: "%.2f", (ContinuousClock.now - begin).fractionalSeconds)
                if replicas.isDone {
                    Output.say("applied by \(replicas.live.count) live replicas in \(seconds) s")
                    for replica in replicas.silent { Output.say(replica.silenceText) }
                    return
                }
                guard ContinuousClock.now - begin < Self.patience else {
                    throw CommandFailure(.failed, replicas.complaint(after: seconds))
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}

/// How far the replicas are with one version of the configuration.
struct ReplicaProgress {
    let version: ConfigVersion
    let live: [ReplicaRecord]
    /// Not heard of for a while: whether they have applied anything cannot be known.
    let silent: [ReplicaRecord]

    init(_ records: [ReplicaRecord], version: ConfigVersion) {
        self.version = version
        live = records.filter(\.isLive)
        silent = records.filter { !$0.isLive }
    }

    /// With none live, and one that may still run, nobody has said that the change is in force.
    var isDone: Bool { lagging.isEmpty && (!live.isEmpty || silent.isEmpty) }

    /// Live, and without the version.
    var lagging: [ReplicaRecord] {
        live.filter { replica in replica.applied.map { $0 < version } ?? true }
    }

    func complaint(after seconds: String) -> String {
        let names = lagging.map { replica in
            "\(replica.label.name) (\(replica.id)) has version \(replica.versionText), "
                + "heard \(replica.silenceSeconds) s ago"
        }
        return
            "the change is made, but after \(seconds) s its version \(version.number) is not applied by\n"
            + (names + silent.map(\.silenceText)).joined(separator: "\n")
            + "\nLook into the logs of these gateways; stop one that must not go on serving what was "
            + "withdrawn"
    }
}

extension ReplicaRecord {
    var versionText: String { applied.map { "\($0.number)" } ?? "none" }
    var silenceSeconds: String { String(format: "%.0f", silence.fractionalSeconds) }

    var silenceText: String {
        "silent: \(label.name) (\(id)) was last heard \(silenceSeconds) s ago, with version "
            + "\(versionText); if it still runs it may serve what was withdrawn: stop it, or bring its "
            + "connection to PostgreSQL back"
    }
}
