// The open connections of a server: how many there are, and how to reach them all.
internal import NIOCore
internal import Synchronization

final class ConnectionRegistry: Sendable {
    private struct Contents {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isDraining = false
        var emptied: CheckedContinuation<Void, Never>?
    }

    private let contents = Mutex(Contents())
    private let most: Int

    init(most: Int) { self.most = most }

    var count: Int { contents.withLock { $0.channels.count } }

    /// False when there is no room for it, or no time any more.
    func add(_ channel: any Channel) -> Bool {
        contents.withLock { contents in
            guard !contents.isDraining, contents.channels.count < most else { return false }
            contents.channels[ObjectIdentifier(channel)] = channel
            return true
        }
    }

    func remove(_ channel: any Channel) {
        let emptied = contents.withLock { contents in
            contents.channels[ObjectIdentifier(channel)] = nil
            guard contents.channels.isEmpty else { return nil as CheckedContinuation<Void, Never>? }
            defer { contents.emptied = nil }
            return contents.emptied
        }
        emptied?.resume()
    }

    /// Lets no more in, and tells everyone.
    func drain() {
        let channels = contents.withLock { contents in
            contents.isDraining = true
            return Array(contents.channels.values)
        }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(DrainEvent()) }
    }

    func closeAll() {
        for channel in contents.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
    }

    /// Returns when no connection is left. Called once.
    func waitUntilEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = contents.withLock { contents in
                if !contents.channels.isEmpty { contents.emptied = continuation }
                return contents.channels.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }
}
