// The way of an answer back to its connection.
internal import NIOCore

/// Takes an answer from any thread to the event loop that waits for it. An answer to a request that is no
/// longer waiting, because its caller has gone or it took too long, is dropped.
package struct HTTPResponder: Sendable {
    let connection: NIOLoopBound<HTTPConnection>
    let number: UInt64

    package func callAsFunction(_ response: HTTPResponse) {
        let loop = connection.eventLoop
        if loop.inEventLoop {
            connection.value.answer(response, to: number)
        } else {
            loop.execute { connection.value.answer(response, to: number) }
        }
    }
}
