// From the errors of the HTTP client to our closed set of reasons.
import AsyncHTTPClient
import BursarCore
private import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Why a request brought no whole reply. By type only: the text of such errors may quote the provider.
struct TransportError: Error {
    let reason: FailureReason
    /// Whether the request cannot have reached the provider, so that another address may be tried. A refresh
    /// token may be good once only: in doubt it was sent.
    let isBeforeSending: Bool

    init(_ reason: FailureReason, beforeSending: Bool = false) {
        self.reason = reason
        isBeforeSending = beforeSending
    }

    init(_ error: any Error) {
        switch error {
        case let error as TransportError: self = error
        case is AddressNotPinned: self.init(.addressRefused)
        case let error as HTTPClientError: self.init(error)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError, is NIOSSLCloseTimedOutError:
            self.init(.tlsFailed)
        case is NIOConnectionError: self.init(.connectFailed, beforeSending: true)
        case ChannelError.connectTimeout: self.init(.connectFailed, beforeSending: true)
        case let error as IOError: self.init(error)
        case is NIOTooManyBytesError: self.init(.replyTooLarge)
        case HTTPParserError.headerOverflow: self.init(.replyTooLarge)
        case is HTTPParserError: self.init(.replyMalformed)
        case is CancellationError: self.init(.stopping)
        default: self.init(.connectionLost)
        }
    }

    private init(_ error: HTTPClientError) {
        switch error {
        // Waiting for a connection is all that these two have done.
        case .connectTimeout, .getConnectionFromPoolTimeout: self.init(.connectFailed, beforeSending: true)
        case .tlsHandshakeTimeout: self.init(.tlsFailed)
        case .deadlineExceeded, .readTimeout, .writeTimeout: self.init(.timedOut)
        case .cancelled, .alreadyShutdown, .requestStreamCancelled: self.init(.stopping)
        default: self.init(.connectionLost)
        }
    }

    private init(_ error: IOError) {
        switch error.errnoCode {
        case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT, EACCES, EPERM, EHOSTDOWN,
            ENETDOWN:
            self.init(.connectFailed, beforeSending: true)
        default: self.init(.connectionLost)
        }
    }
}
