// Asks providers over HTTP: from a grant to a request, over the wire, from the reply to a token.
package import BursarCore
private import Glibc
package import Logging
package import NIOCore
private import NIOSSL

/// The `ProviderClient` that speaks HTTP/1.1 over TLS. Redirects are refused (they would carry the secret
/// elsewhere), bodies are not decompressed, environment proxies are not used, and every address is judged by
/// the network policy before a connection is opened.
///
/// Nothing of a URL's query, of headers, bodies, or a provider's own words reaches a log or an error.
package final class HTTPProviderClient: ProviderClient {
    private let transport: Transport
    private let logger: Logger
    private let now: @Sendable () -> Instant

    /// - Parameters:
    ///   - certificateAuthorities: a PEM file of CAs to trust besides the system's.
    ///   - eventLoopGroup: stays the caller's; shut this client down first.
    ///   - now: the time of day, for replies that name an absolute time.
    ///   - sleep: waits for each request's deadline; cancelled when the request ends before.
    package init(
        policy: NetworkPolicy, certificateAuthorities: String? = nil, eventLoopGroup: any EventLoopGroup,
        logger: Logger, now: @escaping @Sendable () -> Instant = systemTime,
        sleep: @escaping Sleep = { try await Task.sleep(for: $0) }
    ) throws(CertificateFileError) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .fullVerification
        tls.minimumTLSVersion = .tlsv12
        if let path = certificateAuthorities {
            guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
                throw CertificateFileError(path: path)
            }
            tls.additionalTrustRoots = [.certificates(certificates)]
        }
        transport = Transport(
            policy: policy, pool: ClientPool(group: eventLoopGroup, tls: tls), logger: logger, sleep: sleep)
        self.logger = logger
        self.now = now
    }

    package func exchange(_ grant: TokenGrant) async -> ExchangeReport<TokenReply> {
        let step: ExchangeStep =
            switch grant.step {
            case .full: .full
            case .refresh: .refresh
            }
        return await report(
            step, grant.profile.id, grant.deadline,
            request: { () throws(ExchangeFailure) in try TokenRequest.make(grant) },
            read: { TokenReplyReader.read($0, profile: grant.profile, step: step) })
    }

    package func scopedToken(_ request: ScopedGrant) async -> ExchangeReport<ScopedReply> {
        await report(
            .scoped, request.profile.id, request.deadline,
            request: { () throws(ExchangeFailure) in try ScopedRequest.make(request) },
            read: { ScopedReplyReader.read($0, grant: request) })
    }

    /// Ends every request under way (`stopping`) and closes every connection. Later requests fail at once.
    package func shutdown() async { await transport.stop() }

    /// Latency runs from before the name is resolved to the last byte of the reply: what a waiting caller
    /// feels.
    private func report<Reply: Sendable>(
        _ step: ExchangeStep, _ provider: ProviderID, _ deadline: Duration,
        request: () throws(ExchangeFailure) -> ProviderRequest,
        read: (ProviderReply) -> Result<Reply, ExchangeFailure>
    ) async -> ExchangeReport<Reply> {
        let start = ContinuousClock.now
        let delivery: Transport.Delivery
        do throws(ExchangeFailure) {
            delivery = await transport.send(try request(), sentAt: now(), deadline: deadline)
        } catch {
            return ExchangeReport(result: .failure(error), status: nil, latency: .zero)
        }
        let latency = ContinuousClock.now - start
        let result: Result<Reply, ExchangeFailure> =
            switch delivery.result {
            case .success(let reply): read(reply)
            case .failure(let error): .failure(ExchangeFailure(error.reason))
            }
        log(step, provider, result, delivery.status, latency)
        return ExchangeReport(result: result, status: delivery.status, latency: latency)
    }

    private func log<Reply>(
        _ step: ExchangeStep, _ provider: ProviderID, _ result: Result<Reply, ExchangeFailure>,
        _ status: Int?,
        _ latency: Duration
    ) {
        let outcome =
            switch result {
            case .success: "succeeded"
            case .failure(let failure): failure.reason.rawValue
            }
        logger.debug(
            "provider exchange ended",
            metadata: [
                "provider": "\(provider)", "step": "\(step)", "outcome": "\(outcome)",
                "status": "\(status.map(String.init) ?? "none")",
                "latency_ms": "\(latency.microseconds / 1_000)",
            ])
    }

    /// The system's wall clock.
    package static func systemTime() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}

/// The file of further CAs cannot be read, or holds no certificate.
package struct CertificateFileError: Error, Equatable, CustomStringConvertible {
    package let path: String

    package var description: String { "\(path): cannot be read as PEM certificates" }
}
