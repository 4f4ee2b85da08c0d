// What the connections of one event loop take turns with.
internal import BursarCore
internal import NIOCore
internal import Synchronization

/// Used on its event loop only, one answer at a time.
final class LoopDesk {
    /// The largest answer that is written here; others get memory of their own, which goes with them.
    private static let mostBytes = 8_192

    // Nothing that runs while they change comes back here, so that nobody has to watch for it at run time.
    @exclusivity(unchecked) private var date = DateField()
    @exclusivity(unchecked) private var room = ByteBuffer()

    /// Writes an answer. What was written before must be sent by now for its memory to be used again; else
    /// there is more of it.
    func write(
        _ answer: some WritableAnswer, id: RequestID, persistence: Persistence, isHead: Bool
    ) -> ByteBuffer {
        let head = AnswerHead(id: id, date: date.bytes(), persistence: persistence, isHead: isHead)
        let most = answer.mostBytes
        guard most <= Self.mostBytes else {
            var bytes = ByteBufferAllocator().buffer(capacity: most)
            Self.write(answer, head, most, to: &bytes)
            return bytes
        }
        // Where a former answer is still on its way, this takes as much as is needed and no more: a caller
        // who takes nothing must not make small answers large.
        room.clear(minimumCapacity: most)
        Self.write(answer, head, most, to: &room)
        return room
    }

    /// The head of an answer that is sent while it is made.
    func write(
        headOf response: HTTPResponse, id: RequestID, persistence: Persistence, _ length: BodyLength
    ) -> ByteBuffer {
        let head = AnswerHead(id: id, date: date.bytes(), persistence: persistence, isHead: true)
        var bytes = ByteBuffer()
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: response.mostBytes) { memory in
            var writer = BytesWriter(memory)
            response.write(head, length, to: &writer)
            return writer.count
        }
        return bytes
    }

    private static func write(
        _ answer: some WritableAnswer, _ head: AnswerHead, _ most: Int, to bytes: inout ByteBuffer
    ) {
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { memory in
            var writer = BytesWriter(memory)
            answer.write(head, to: &writer)
            return writer.count
        }
    }
}

/// The desks of all event loops.
final class LoopDesks: Sendable {
    private let desks = Mutex<[ObjectIdentifier: NIOLoopBound<LoopDesk>]>([:])

    /// Called on the event loop.
    func desk(of loop: any EventLoop) -> LoopDesk {
        desks.withLock { desks in
            if let desk = desks[ObjectIdentifier(loop)] { return desk }
            let desk = NIOLoopBound(LoopDesk(), eventLoop: loop)
            desks[ObjectIdentifier(loop)] = desk
            return desk
        }.value
    }
}
