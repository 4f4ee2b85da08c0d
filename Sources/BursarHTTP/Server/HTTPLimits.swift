// A limit on everything that a caller can make the server hold or wait for.

/// The limits of one listening socket, with the defaults that it runs with.
package struct HTTPLimits: Sendable {
    /// Open at once; one more is accepted and closed at once. Well below the file descriptors that a service
    /// is usually given (65,536), because providers and PostgreSQL need some too.
    package var connections = 10_000
    /// From the opening of a connection to its first request, with a TLS handshake in between.
    package var first: Duration = .seconds(20)
    /// From the first byte of a request to the end of its head: the slow-header attack ends here.
    package var head: Duration = .seconds(10)
    /// From the end of the head to the end of the body.
    package var body: Duration = .seconds(10)
    /// Between two requests. Longer than the 60 s after which common load balancers give a connection up, so
    /// that they close first and never send into a closing one.
    package var idle: Duration = .seconds(75)
    /// The same while no request of the connection has been answered with success. Whoever collects errors,
    /// or takes them so slowly that they lie in buffers, keeps no connection by it.
    package var idleUnserved: Duration = .seconds(10)
    /// For an answer to be taken by the caller: the slow-reader attack ends here.
    package var write: Duration = .seconds(10)
    /// For the handler. All that it waits for ends sooner by itself; this is the net below.
    package var answer: Duration = .seconds(60)
    /// Names and values of the header fields with the URL, in bytes.
    package var headBytes = 16_384
    package var urlBytes = 8_192
    package var fields = 64
    /// Everything that one request may take on the wire, whatever it consists of: endless white space,
    /// chunk extensions and empty lines count here and nowhere else.
    package var requestBytes = 131_072
    /// After an answer that ends the connection, input is read and thrown away for so long and so much, since
    /// closing on unread input would make the kernel reset the connection and drop the answer.
    package var linger: Duration = .seconds(2)
    package var lingerBytes = 33_554_432
    /// For everything under way when the server stops.
    package var drain: Duration = .seconds(8)
    /// For connections without a request when the server stops: one may be on its way.
    package var drainIdle: Duration = .milliseconds(500)

    package init() {}
}
