// Carries one request to a provider and brings its reply: resolve, judge, connect, send, collect.
import AsyncHTTPClient
import BursarCore
import Logging
import NIOCore
import NIOHTTP1
private import Synchronization

/// The way to providers. Knows addresses and bytes; what the bytes mean is for the readers.
final class Transport: Sendable {
    /// Beyond this a reply is no token.
    private static let largestReply = 65_536
    /// Tried one after the other while connecting fails.
    private static let mostAddresses = 4

    private let policy: NetworkPolicy
    private let resolver = HostResolver()
    private let pool: ClientPool
    private let logger: Logger
    private let sleep: Sleep

    init(policy: NetworkPolicy, pool: ClientPool, logger: Logger, sleep: @escaping Sleep) {
        self.sleep = sleep
        self.policy = policy
        self.pool = pool
        self.logger = logger
    }

    /// What came of a request. `status` is there as soon as the head of a reply was.
    struct Delivery: Sendable {
        let result: Result<ProviderReply, TransportError>
        let status: Int?
    }

    /// Ends by `deadline`, or as soon as the calling task is cancelled (`stopping`).
    func send(_ request: ProviderRequest, sentAt: Instant, deadline: Duration) async -> Delivery {
        let status = StatusNote()
        let end = NIODeadline.now() + .nanoseconds(deadline.microseconds * 1_000)
        let result = await within(deadline, sleep: sleep) {
            [self] () -> Result<ProviderReply, TransportError> in
            do throws(TransportError) {
                return .success(try await deliver(request, sentAt: sentAt, end: end, status: status))
            } catch {
                return .failure(error)
            }
        }
        if Task.isCancelled || pool.isStopped, !(result.map(\.isSuccess) ?? false) {
            return Delivery(result: .failure(TransportError(.stopping)), status: status.value)
        }
        return Delivery(result: result ?? .failure(TransportError(.timedOut)), status: status.value)
    }

    /// Ends every request.
    func stop() async {
        await pool.stop()
        resolver.stop()
    }

    private func deliver(
        _ request: ProviderRequest, sentAt: Instant, end: NIODeadline, status: StatusNote
    ) async throws(TransportError) -> ProviderReply {
        let host = request.url.host
        let addresses = try await judgedAddresses(of: request.url)
        pool.keep(addresses, of: host)
        var last = TransportError(.connectFailed)
        for address in addresses.prefix(Transport.mostAddresses) {
            do throws(TransportError) {
                return try await exchange(request, at: address, sentAt: sentAt, end: end, status: status)
            } catch {
                guard error.isBeforeSending else { throw error }
                resolver.demote(address, of: host)
                last = error
            }
        }
        throw last
    }

    /// Every address must be permitted, not only the one that would be used: a name that mixes public and
    /// inner addresses is not one to send a secret to.
    private func judgedAddresses(of url: ProviderURL) async throws(TransportError) -> [IPAddressValue] {
        let addresses: [IPAddressValue]
        if let literal = IPAddressValue(url.host) {
            addresses = [literal]
        } else {
            guard let resolved = await resolver.addresses(of: url.host) else {
                throw TransportError(.nameNotResolved)
            }
            addresses = resolved
        }
        if let refused = addresses.first(where: { !policy.permits($0) }) {
            logger.warning(
                "provider address refused by the network policy",
                metadata: ["host": "\(url.host)", "address": "\(refused)", "policy": "\(policy)"])
            throw TransportError(.addressRefused)
        }
        guard url.isSecure || policy.permitsPlainHTTP(to: addresses) else {
            logger.warning("plain HTTP to a provider refused", metadata: ["host": "\(url.host)"])
            throw TransportError(.addressRefused)
        }
        return addresses
    }

    private func exchange(
        _ request: ProviderRequest, at address: IPAddressValue, sentAt: Instant, end: NIODeadline,
        status: StatusNote
    ) async throws(TransportError) -> ProviderReply {
        guard let client = pool.borrow(ClientKey(host: request.url.host, address: address)) else {
            throw TransportError(.stopping)
        }
        defer { pool.giveBack(client) }
        do {
            let response = try await client.execute(Transport.message(request), deadline: end)
            status.value = Int(response.status.code)
            let body = try await Transport.body(of: response)
            let headers = response.headers.map { NamedValue($0.name, $0.value) }
            return ProviderReply(
                status: Int(response.status.code), headers: headers, body: body, sentAt: sentAt)
        } catch {
            throw TransportError(error)
        }
    }

    private static func message(_ request: ProviderRequest) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: request.url.text)
        message.method = HTTPMethod(rawValue: request.method)
        for header in request.headers { message.headers.add(name: header.name, value: header.value) }
        // A copy of the secret that is not wiped: the HTTP client takes nothing else.
        message.body = .bytes(ByteBuffer(bytes: request.body.reveal()))
        return message
    }

    /// The whole body, within bounds. A refusal is one by its status: its body only tells more, so where the
    /// status says all it is not read, and where it cannot be read it is taken as empty.
    private static func body(of response: HTTPClientResponse) async throws -> [UInt8] {
        let status = response.status.code
        if (300..<400).contains(status) || status == 429 || status >= 500 { return [] }
        do {
            let body = try await response.body.collect(upTo: largestReply)
            // A cancelled body may end as if it were complete.
            try Task.checkCancellation()
            return Array(body.readableBytesView)
        } catch  where !(200..<300).contains(status) && !Task.isCancelled {
            return []
        }
    }
}

/// The status of a reply, kept where it outlives the task that a deadline ends.
private final class StatusNote: Sendable {
    private let status = Mutex<Int?>(nil)

    var value: Int? {
        get { status.withLock { $0 } }
        set { status.withLock { $0 = newValue } }
    }
}

extension Result {
    fileprivate var isSuccess: Bool {
        if case .success = self { true } else { false }
    }
}
