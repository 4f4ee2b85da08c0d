// The HTTP clients, each pinned to one address of one provider.
import AsyncHTTPClient
import NIOCore
import NIOSSL
private import Synchronization

/// Lends pinned clients. `dnsOverride` sends the connection to the judged address while SNI and the
/// certificate check use the real name, so that a name that resolves differently a moment later leads
/// nowhere.
final class ClientPool: Sendable {
    /// Providers × environments × addresses in use.
    private static let mostClients = 128

    private struct State {
        var shelf = ClientShelf<HTTPClient>(limit: ClientPool.mostClients)
        var isStopped = false
    }

    private let state = Mutex(State())
    private let group: any EventLoopGroup
    private let tls: TLSConfiguration

    init(group: any EventLoopGroup, tls: TLSConfiguration) {
        self.group = group
        self.tls = tls
    }

    /// A client for requests to `key.host` at `key.address`; nil once stopped. Give it back when the request
    /// has ended.
    func borrow(_ key: ClientKey) -> HTTPClient? {
        let (client, toClose) = state.withLock { state -> (HTTPClient?, [HTTPClient]) in
            guard !state.isStopped else { return (nil, []) }
            // Made under the lock: it opens nothing until its first request, and two for one key would be one
            // too many.
            return state.shelf.borrow(key) { make(key) }
        }
        close(toClose)
        return client
    }

    func giveBack(_ client: HTTPClient) {
        let toClose = state.withLock { $0.shelf.giveBack(client) }
        if let toClose { close([toClose]) }
    }

    /// Closes clients of `host` for other addresses, once their requests have ended.
    func keep(_ addresses: [IPAddressValue], of host: String) {
        close(state.withLock { $0.shelf.keep(addresses, of: host) })
    }

    /// Ends every request and closes every client.
    func stop() async {
        let clients = state.withLock { state in
            state.isStopped = true
            return state.shelf.removeAll()
        }
        for client in clients { try? await client.shutdown() }
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    private func close(_ clients: [HTTPClient]) {
        for client in clients { client.shutdown { _ in } }
    }

    private func make(_ key: ClientKey) -> HTTPClient {
        var settings = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow, decompression: .disabled)
        // An address is itself; only a name needs leading.
        if IPAddressValue(key.host) == nil { settings.dnsOverride = [key.host: key.address.description] }
        // HTTP/2 would put all of a provider's exchanges on one connection: one stall or GOAWAY would hit
        // them all.
        settings.httpVersion = .http1Only
        // Covers TCP and TLS. SYNs go out at 0, 1 and 3 s, and a second address still fits in the usual 10 s.
        settings.timeout.connect = .seconds(5)
        settings.connectionPool.retryConnectionEstablishment = false
        // Above a provider's greatest `concurrency` times its two environments nothing queues here.
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 512
        // Below the 20 to 60 s after which servers close idle connections: a POST on a closed one is lost.
        settings.connectionPool.idleTimeout = .seconds(15)
        settings.maximumUsesPerConnection = 1_000
        // A tracer would put the whole URL into its span and its own headers into the request.
        settings.tracing.tracer = nil
        settings.http1_1ConnectionDebugInitializer = { channel in ClientPool.check(channel, key.address) }
        return HTTPClient(eventLoopGroup: group, configuration: settings)
    }

    /// Runs after connect and TLS and before any request is written: the second lock on the same door.
    private static func check(_ channel: any Channel, _ address: IPAddressValue) -> EventLoopFuture<Void> {
        let connected = channel.remoteAddress?.ipAddress.flatMap { IPAddressValue($0) }
        guard connected?.unmapped == address.unmapped else {
            // Closed a turn later: the pool must have heard of the failure first, it takes a connection that
            // closes while it is being made for a fault of its own.
            channel.eventLoop.execute { channel.close(promise: nil) }
            return channel.eventLoop.makeFailedFuture(AddressNotPinned())
        }
        return channel.eventLoop.makeSucceededVoidFuture()
    }
}

/// A connection led elsewhere than to the address that was judged.
struct AddressNotPinned: Error {}
