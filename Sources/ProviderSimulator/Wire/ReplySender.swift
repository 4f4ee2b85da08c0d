// Carries a Reply out: waits, drips, hangs or drops the connection as the reply says.

import HTTPTypes
import Hummingbird
import NIOCore
import NIOSSL
import ServiceLifecycle

/// Sends replies on one connection.
struct ReplySender: Sendable {
    let channel: any Channel

    /// The response for Hummingbird to write. Returns late, or on a closed connection, if the reply says so.
    func response(to reply: Reply) async throws -> Response {
        if reply.delay > .zero {
            try await pause(reply.delay)
        }
        switch reply.ending {
        case .answered: return answer(reply)
        case .hung: await hang()
        case .dropped:
            drop()
            await closed()
        }
        // The connection is gone: Hummingbird fails to write this and forgets it.
        return Response(status: .internalServerError)
    }

    private func answer(_ reply: Reply) -> Response {
        let body: ResponseBody
        switch reply.body {
        case .bytes(let bytes) where reply.pausePerByte > .zero:
            body = dripping(bytes, every: reply.pausePerByte)
        case .bytes(let bytes):
            body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        case .padded(let before, let padding, let after):
            body = padded(before, padding, after)
        }
        return Response(status: .init(code: reply.status), headers: reply.headers, body: body)
    }

    private func dripping(_ bytes: [UInt8], every pause: Duration) -> ResponseBody {
        ResponseBody(contentLength: bytes.count) { writer in
            for byte in bytes {
                try await writer.write(ByteBuffer(bytes: [byte]))
                try await self.pause(pause)
            }
            try await writer.finish(nil)
        }
    }

    private func padded(_ before: [UInt8], _ padding: Int, _ after: [UInt8]) -> ResponseBody {
        ResponseBody { writer in
            let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 65_536)
            try await writer.write(ByteBuffer(bytes: before))
            var left = padding
            while left > 0 {
                let length = min(left, piece.readableBytes)
                try await writer.write(piece.getSlice(at: piece.readerIndex, length: length) ?? piece)
                left -= length
            }
            try await writer.write(ByteBuffer(bytes: after))
            try await writer.finish(nil)
        }
    }

    /// A stop of the simulator ends the wait, and with it the connection.
    private func pause(_ duration: Duration) async throws {
        do {
            try await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
        } catch {
            drop()
            throw error
        }
    }

    private func hang() async {
        let limit = channel.eventLoop.scheduleTask(in: TimeAmount(Reply.longestHang)) { drop() }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await closed()
            } onGracefulShutdown: {
                drop()
            }
        } onCancel: {
            drop()
        }
        limit.cancel()
    }

    /// Closes below TLS, without a farewell: a provider that drops a connection does not say so either.
    /// (After a close through TLS, Hummingbird's write of the response would wait for ever.)
    private func drop() {
        let channel = channel
        channel.eventLoop.execute {
            let tls = try? channel.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
            if let tls { tls.close(promise: nil) } else { channel.close(promise: nil) }
        }
    }

    private func closed() async {
        try? await channel.closeFuture.get()
    }
}
