// Stands before the connection, decodes its input, and lets in what it is ready for.
internal import NIOCore
internal import NIOHTTP1

/// While a request is under way nothing more is read: what a caller pipelines behind it waits in the kernel,
/// and at most two reads' worth here. Bytes are decoded in small slices, because everything that one slice
/// holds is decoded at once.
final class InputGate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Mode { case flowing, held, discarding }

    /// At the smallest, 18 bytes make a request: a slice holds at most some 200 of them.
    private static let sliceBytes = 4_096
    /// More than one read can only come together when the caller has closed its end already, so that nothing
    /// of what is dropped beyond this could have been answered.
    private static let mostHeldBytes = 262_144

    private let decoder: RequestDecoder
    private let turns: LoopDesk?
    private var isDecoderWorn = false
    private var mode = Mode.flowing
    // Nothing that runs while it changes comes back here, so that nobody has to watch for it at run time.
    @exclusivity(unchecked) private var input = ByteBuffer()
    /// Whether input is being decoded right now.
    private(set) var isBusy = false
    private var readIsWanted = false
    /// Whether input waits for a turn.
    private var isWaiting = false
    /// Whether answers are sent at the end of the turn.
    private(set) var isTakingTurn = false
    private var hasRead = false
    private var discardable: Int
    private var context: ChannelHandlerContext?
    /// Set while both are in the pipeline; cleared by the connection, so that neither keeps the other.
    var connection: HTTPConnection?

    /// - Parameter turns: whom to take turns with; nil takes each at once.
    init(_ limits: HTTPLimits, turns: LoopDesk?) {
        self.turns = turns
        decoder = RequestDecoder(limits)
        discardable = limits.lingerBytes
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        decoder.begin(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        decoder.end(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasRead = true
        var bytes = Self.unwrapInboundIn(data)
        guard bytes.readableBytes > 0 else { return }
        if mode == .discarding { return discard(bytes.readableBytes, context) }
        guard input.readableBytes + bytes.readableBytes <= Self.mostHeldBytes else { return }
        if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
        // Read twice in a round, the input is at its end, and all that is left of it follows.
        guard let turns, !isWaiting else {
            takeTurn()
            return endTurn()
        }
        isWaiting = true
        turns.letWait(self)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Nothing was read: it is the end of the input, and the channel is closed at once.
        if !hasRead, isWaiting {
            takeTurn()
            endTurn()
        }
        hasRead = false
        context.fireChannelReadComplete()
    }

    // MARK: Turns

    /// Decodes and answers what has come.
    func takeTurn() {
        isWaiting = false
        isTakingTurn = true
        guard mode == .flowing, !isBusy, let context else { return }
        // The common case: what came is a slice.
        guard 1...Self.sliceBytes ~= input.readableBytes else { return feed() }
        let bytes = input
        input = ByteBuffer()
        isBusy = true
        decode(bytes, context)
        pause(context)
        isBusy = false
        // Something was left over, or made room only now.
        if input.readableBytes > 0, mode == .flowing { feed() }
    }

    /// Sends the answers.
    func endTurn() {
        isTakingTurn = false
        connection?.flush()
    }

    func read(context: ChannelHandlerContext) {
        if mode == .held { readIsWanted = true } else { context.read() }
    }

    /// Lets nothing through until `resume`.
    func hold() {
        if mode == .flowing { mode = .held }
    }

    func resume() {
        guard mode == .held else { return }
        mode = .flowing
        guard !isBusy else { return }
        feed()
        if mode == .flowing, readIsWanted {
            readIsWanted = false
            context?.read()
        }
    }

    /// From now on everything is thrown away, and the channel closed when it is too much.
    func discardAll() {
        guard mode != .discarding else { return }
        mode = .discarding
        discard(input.readableBytes, context)
        input = ByteBuffer()
        if readIsWanted { context?.read() }
        readIsWanted = false
    }

    /// The request that was answered last offered an upgrade.
    func renewDecoder() {
        isDecoderWorn = true
        if !isBusy, let context { renewWornDecoder(context) }
    }

    /// What the former one had left over comes first.
    private func renewWornDecoder(_ context: ChannelHandlerContext) {
        isDecoderWorn = false
        var bytes = decoder.renew(context)
        bytes.writeBuffer(&input)
        input = bytes
    }

    private func decode(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        connection?.inputArrives(bytes.readableBytes)
        decoder.decode(bytes, context)
        if isDecoderWorn { renewWornDecoder(context) }
    }

    private func feed() {
        guard !isBusy, let context else { return }
        isBusy = true
        repeat {
            while mode == .flowing,
                let slice = input.readSlice(length: min(input.readableBytes, Self.sliceBytes)),
                slice.readableBytes > 0
            {
                decode(slice, context)
            }
            pause(context)
        } while mode == .flowing && input.readableBytes > 0
        isBusy = false
        // Else an idle connection would keep its last read.
        if input.readableBytes == 0 { input = ByteBuffer() }
    }

    // MARK: The way out

    /// To what stands before, without the way through the pipeline that ends there as well.
    func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?) {
        guard let context else { return promise?.fail(ChannelError.ioOnClosedChannel) ?? () }
        context.write(Self.wrapOutboundOut(bytes), promise: promise)
    }

    func flush() { context?.flush() }

    /// Sends the answers. That can make room for more of them, and so go on here: as a loop, because as a
    /// recursion it would grow with what the caller sends.
    private func pause(_ context: ChannelHandlerContext) {
        if let connection { repeat { connection.inputPaused() } while connection.hasToFlush }
        // One of those that were answered just now may have offered an upgrade.
        if isDecoderWorn { renewWornDecoder(context) }
    }

    /// How much memory input takes that is not decoded yet.
    var heldBytes: Int { decoder.heldBytes + input.storageCapacity }

    private func discard(_ count: Int, _ context: ChannelHandlerContext?) {
        discardable -= count
        if discardable < 0 { context?.close(promise: nil) }
    }
}
