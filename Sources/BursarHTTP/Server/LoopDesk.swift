// What the connections of one event loop take turns with.
internal import BursarCore
internal import NIOCore
internal import Synchronization

/// Used on its event loop only, one answer at a time.
final class LoopDesk {
    /// The largest answer that is written here; others get memory of their own, which goes with them.
    private static let mostBytes = 8_192
    /// How many connections take a turn together.
    private static let mostInTurn = 16

    private let loop: any EventLoop
    // Nothing that runs while they change comes back here, so that nobody has to watch for it at run time.
    @exclusivity(unchecked) private var date = DateField()
    /// A place for an answer of each that takes a turn.
    @exclusivity(unchecked) private var rooms = [ByteBuffer](repeating: ByteBuffer(), count: mostInTurn)
    @exclusivity(unchecked) private var nextRoom = 0
    /// Whose input waits for a turn.
    @exclusivity(unchecked) private var waiting: [InputGate] = []
    /// Whether the end of this round of the event loop is waited for.
    private var isEndAwaited = false

    init(_ loop: any EventLoop) {
        self.loop = loop
        waiting.reserveCapacity(Self.mostInTurn)
    }

    // MARK: Turns

    /// Has the gate take its turn at the end of this round of the event loop, or when a few others wait:
    /// first all that was read is answered, then all of it is sent. So the processor goes each way many times
    /// on end, and finds the code at hand (docs/adr/0031).
    func letWait(_ gate: InputGate) {
        waiting.append(gate)
        if waiting.count == Self.mostInTurn { return takeTurn() }
        guard !isEndAwaited else { return }
        isEndAwaited = true
        loop.assumeIsolated().execute { [self] in
            isEndAwaited = false
            takeTurn()
        }
    }

    private func takeTurn() {
        // What is sent can make room for further answers.
        var gates: [InputGate] = []
        swap(&gates, &waiting)
        for gate in gates { gate.takeTurn() }
        for gate in gates { gate.endTurn() }
        guard waiting.isEmpty else { return }
        gates.removeAll(keepingCapacity: true)
        swap(&gates, &waiting)
    }

    // MARK: Writing

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
        let place = nextRoom
        nextRoom = (place + 1) % Self.mostInTurn
        // Where a former answer is still on its way, this takes as much as is needed and no more: a caller
        // who takes nothing must not make small answers large.
        rooms[place].clear(minimumCapacity: most)
        Self.write(answer, head, most, to: &rooms[place])
        return rooms[place]
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
            let desk = NIOLoopBound(LoopDesk(loop), eventLoop: loop)
            desks[ObjectIdentifier(loop)] = desk
            return desk
        }.value
    }
}
