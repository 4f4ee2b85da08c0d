// A request whose token is on its way.
internal import BursarCore
internal import Synchronization

/// A request that is waiting. Cancel it when its caller has gone; the flight goes on for the others.
package final class WaitingRequest: Sendable {
    private struct Contents {
        var place: (cell: SlotCell, waiter: WaiterID)?
        /// The latest place where the request has begun to wait: places come in a fixed order.
        var round = 0
        var isCancelled = false
    }

    private let contents = Mutex(Contents())

    /// The answer is not called any more, unless it is being called right now.
    package func cancel() {
        let place = contents.withLock { contents in
            contents.isCancelled = true
            return contents.place
        }
        if let place { place.cell.cancel(place.waiter) }
    }

    var isCancelled: Bool { contents.withLock { $0.isCancelled } }

    /// The first round may be noted after the second one has begun on another thread.
    func waits(in cell: SlotCell, as waiter: WaiterID, round: Int) {
        let isCancelled = contents.withLock { contents in
            if round > contents.round { (contents.place, contents.round) = ((cell, waiter), round) }
            return contents.isCancelled
        }
        if isCancelled { cell.cancel(waiter) }
    }
}
