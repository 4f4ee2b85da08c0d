// Stands before the connection, decodes its input, and lets in what it is ready for.
internal import NIOCore
internal import NIOHTTP1

/// While a request is under way nothing more is read: what a caller pipelines behind it waits in the kernel,
/// and at most one read's worth here. Bytes are decoded in small slices, because everything that one slice
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
    private var isDecoderWorn = false
    private var mode = Mode.flowing
    // Nothing that runs while it changes comes back here, so that nobody has to watch for it at run time.
    @exclusivity(unchecked) private var input = ByteBuffer()
    /// Whether input is being decoded right now.
    private(set) var isBusy = false
    private var readIsWanted = false
    private var discardable: Int
    private var context: ChannelHandlerContext?
    /// Set while both are in the pipeline; cleared by the connection, so that neither keeps the other.
    var connection: HTTPConnection?

    init(_ limits: HTTPLimits) {
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
        var bytes = Self.unwrapInboundIn(data)
        guard bytes.readableBytes > 0 else { return }
        if mode == .discarding { return discard(bytes.readableBytes, context) }
        if mode == .flowing, !isBusy, input.readableBytes == 0, bytes.readableBytes <= Self.sliceBytes {
            return pass(bytes, context)
        }
        guard input.readableBytes + bytes.readableBytes <= Self.mostHeldBytes else { return }
        if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
        feed()
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

    /// The common case: a read is a slice.
    private func pass(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        isBusy = true
        decode(bytes, context)
        pause(context)
        isBusy = false
        // Something was left over, or made room only now.
        if input.readableBytes > 0, mode == .flowing { feed() }
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
        repeat { connection?.inputPaused() } while connection?.needsFlush == true
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
