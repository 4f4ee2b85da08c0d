// The way of an answer back to its connection.
internal import NIOCore

/// Takes an answer from any thread to the event loop that waits for it. An answer to a request that is no
/// longer waiting, because its caller has gone or it took too long, is dropped.
package struct HTTPResponder: Sendable {
    let connection: NIOLoopBound<HTTPConnection>
    let number: UInt64

    package func callAsFunction(_ response: HTTPResponse) { send(response) }

    func callAsFunction(_ answer: TokenAnswer) { send(answer) }

    private func send(_ answer: some WritableAnswer) {
        let loop = connection.eventLoop
        if loop.inEventLoop {
            connection.value.answer(answer, to: number)
        } else {
            loop.execute { connection.value.answer(answer, to: number) }
        }
    }

    /// Begins an answer that is sent while it is made: `response` has its head and no body.
    func begin(_ response: HTTPResponse) async throws {
        try await connection.eventLoop.submit { try connection.value.begin(response, to: number) }.get()
    }

    /// Sends more of it, and comes back when that has left.
    /// - Throws: when the caller has gone.
    func send(_ piece: [UInt8]) async throws {
        let loop = connection.eventLoop
        try await loop.flatSubmit { connection.value.send(piece, to: number, on: loop) }.get()
    }

    /// Ends it. The caller can tell one that is not whole.
    func end(isWhole: Bool) {
        connection.eventLoop.execute { connection.value.end(number, isWhole: isWhole) }
    }
}
