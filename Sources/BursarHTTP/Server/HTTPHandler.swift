// What a server asks of the side that it speaks for.

/// Answers requests. Called on the event loop of the request's connection: it must not wait.
package protocol HTTPHandler: AnyObject, Sendable {
    /// The route of a path.
    func route(_ path: Substring) -> Route

    /// Answers, now or later, from any thread: `respond` is called once. Returns what to call when the caller
    /// has gone before the answer came; nil when nothing waits.
    func handle(_ request: HTTPRequest, respond: HTTPResponder) -> (@Sendable () -> Void)?

    /// The answer to a request that cannot be handled. `route` is `.unreadable` when the request was not read
    /// so far.
    func refuse(_ fault: HTTPFault, route: Route) -> HTTPResponse
}
