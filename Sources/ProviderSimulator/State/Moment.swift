// Time as the simulator knows it: two clocks, the world's and its own, which can be moved ahead.

/// A point in time, in microseconds since 1970.
struct Moment: Comparable, Hashable, Sendable {
    var microseconds: Int64

    var unixSeconds: Int64 { microseconds / 1_000_000 }

    static func < (left: Moment, right: Moment) -> Bool { left.microseconds < right.microseconds }

    static func + (moment: Moment, seconds: Int64) -> Moment {
        Moment(microseconds: moment.microseconds + seconds * 1_000_000)
    }
}

/// When something happened.
struct Time: Sendable {
    /// The world's time: for the log, never moved.
    let real: Moment
    /// The simulator's idea of now: the world's plus what the control interface added.
    let simulated: Moment
}
