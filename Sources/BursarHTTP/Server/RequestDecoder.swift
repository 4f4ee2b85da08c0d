// NIO's HTTP decoder, and what it has not used up.
internal import NIOCore
internal import NIOHTTP1

/// Drives the decoder as `ByteToMessageHandler` would, which is made for decoders of every kind and takes a
/// twentieth of a hit's instructions to be so. Here there is one kind, whoever calls is never called back by
/// `decode` for more, and the end of the input says nothing: a request that it cuts off has nobody to answer.
final class RequestDecoder {
    private let limits: HTTPLimits
    private var decoder: HTTPRequestDecoder
    /// The beginning of a token whose end is still to come, or what stands behind an offered upgrade.
    @exclusivity(unchecked) private var rest = ByteBuffer()
    private var isBroken = false

    init(_ limits: HTTPLimits) {
        self.limits = limits
        decoder = Self.make(limits)
    }

    /// It counts names, values and the URL while it reads, so that nothing too large is ever held.
    private static func make(_ limits: HTTPLimits) -> HTTPRequestDecoder {
        var most = NIOHTTPDecoderLimitConfiguration()
        most.maxHeaderFieldSize = limits.headBytes
        most.maxHeaderListSize = limits.headBytes
        most.maxHeaderFieldCount = limits.fields
        return HTTPRequestDecoder(limitConfiguration: most)
    }

    /// Before the first byte. To be followed by `end`.
    func begin(_ context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

    /// When the handler leaves its pipeline, which is never while it decodes.
    func end(_ context: ChannelHandlerContext) { decoder.decoderRemoved(context: context) }

    /// Hands the parts of requests to the next handler. What cannot be read is an error there, and after that
    /// nothing is read any more.
    func decode(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard !isBroken else { return }
        var input = bytes
        if rest.readableBytes > 0 {
            rest.writeImmutableBuffer(bytes)
            swap(&input, &rest)
            rest = ByteBuffer()
        }
        do {
            _ = try decoder.decode(context: context, buffer: &input)
            guard input.readableBytes > 0 else { return }
            guard input.readableBytes <= limits.headBytes * 4 else {
                throw ByteToMessageDecoderError.PayloadTooLargeError()
            }
            // What was used up before it must not stay, nor grow with each request that ends amid a read.
            rest = input.readerIndex > 0 ? ByteBuffer(buffer: input) : input
        } catch {
            isBroken = true
            context.fireErrorCaught(error)
        }
    }

    /// How much memory what is left over takes.
    var heldBytes: Int { rest.storageCapacity }

    /// After a request that offered an upgrade, which nobody here takes, the decoder reads no further: it
    /// leaves the rest to the other protocol. Java's own client offers one with every request. Begins anew,
    /// and gives what is still to be decoded.
    func renew(_ context: ChannelHandlerContext) -> ByteBuffer {
        end(context)
        decoder = Self.make(limits)
        begin(context)
        defer { rest = ByteBuffer() }
        return rest
    }
}
