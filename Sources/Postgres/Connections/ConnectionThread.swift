// The one thread that touches a PGconn, from its first byte to its last.
import CLibPQ
import Glibc

/// A thread that connects, runs the mailbox's jobs one by one, hears notifications in between, and closes.
struct ConnectionThread: Sendable {
    let mailbox: Mailbox
    let configuration: PostgresConfiguration
    /// Called once, on the thread, when it is known whether there is a connection.
    let connected: @Sendable (Result<TimelineStanding?, PostgresError>) -> Void

    /// Enough for getaddrinfo, OpenSSL and our own shallow calls; the default is 8 MiB.
    private static let stackBytes = 1 << 20

    /// Starts the thread; false when the system has none left (then `connected` is not called).
    func start() -> Bool {
        guard mailbox.wakeUp.descriptor >= 0 else { return false }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, Self.stackBytes)
        let box = Unmanaged.passRetained(ThreadStart(self))
        var thread = pthread_t()
        let code = pthread_create(&thread, &attributes, { Self.run($0) }, box.toOpaque())
        if code != 0 { box.release() }
        return code == 0
    }

    private static func run(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        // Signals belong to the main thread; a write to a dead peer must not raise SIGPIPE here.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        guard let argument else { return nil }
        Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().thread.main()
        return nil
    }

    private func main() {
        do throws(PostgresError) {
            let session = try Connector(configuration).connect()
            connected(.success(session.standing))
            serve(session)
            session.finish()
        } catch {
            mailbox.publish(isReusable: false, loss: error)
            connected(.failure(error))
        }
        mailbox.end()
    }

    private func serve(_ session: Session) {
        while !session.isBroken {
            let (job, isClosing) = mailbox.next()
            if let job {
                job(session)
            } else if isClosing {
                return
            } else {
                waitForNews(session)
            }
        }
    }

    /// Sleeps until there is a job or the server says something. An open stream is not read ahead of its
    /// consumer, so the socket is then left alone.
    private func waitForNews(_ session: Session) {
        let socket = session.isStreaming ? -1 : session.socket
        var descriptors = [
            pollfd(fd: mailbox.wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&descriptors, 2, -1) > 0, descriptors[1].revents != 0 else { return }
        session.hear()
        if let loss = session.loss { mailbox.publish(isReusable: false, loss: loss) }
    }
}

/// pthread_create takes a pointer, and a pointer needs an object.
private final class ThreadStart: Sendable {
    let thread: ConnectionThread

    init(_ thread: ConnectionThread) { self.thread = thread }
}
