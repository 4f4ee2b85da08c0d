// Notifications: asked for with LISTEN, heard whenever the thread reads the socket.
import CLibPQ

/// A stream and the channels it is for.
struct Listener {
    let channels: Set<String>
    let continuation: AsyncStream<PostgresNotification>.Continuation
}

extension Session {
    func listen(_ listener: Listener, until deadline: Deadline) throws(PostgresError) {
        for channel in listener.channels.sorted() {
            let name = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(
                separator: "\"\"")
            _ = try run(PostgresQuery(unsafeSQL: "LISTEN \"\(name)\""), until: deadline)
        }
        listeners.append(listener)
    }

    /// Reads what came while nothing was asked: notifications, or the end of the connection.
    func hear() {
        let isRead = PQconsumeInput(connection) == 1
        dispatchNotifications()
        if !isRead || PQstatus(connection) == CONNECTION_BAD { _ = lost() }
    }

    func dispatchNotifications() {
        while let notify = PQnotifies(connection) {
            let notification = PostgresNotification(
                channel: String(cString: notify.pointee.relname),
                payload: String(cString: notify.pointee.extra),
                processID: notify.pointee.be_pid)
            PQfreemem(notify)
            for listener in listeners where listener.channels.contains(notification.channel) {
                listener.continuation.yield(notification)
            }
        }
    }
}
