// From a path to its route.
internal import BursarCore

/// The paths of a side. They are few: one after the other is compared, without a hash of the path.
struct RouteTable: Sendable {
    private struct Entry {
        let count: Int
        /// The last byte: with the length it tells most paths apart.
        let end: UInt8
        let path: [UInt8]
        let route: Route
    }

    private let entries: [Entry]

    /// - Parameter paths: the busy ones first.
    init(_ paths: [(String, Route)]) {
        entries = paths.map { path, route in
            Entry(
                count: path.utf8.count, end: path.utf8.last ?? 0, path: Array(path.utf8), route: route)
        }
    }

    func route(_ path: Substring) -> Route {
        path.withBytes { path in
            let (count, end) = (path.count, path.last ?? 0)
            for index in entries.indices
            where entries[index].count == count && entries[index].end == end
                && entries[index].path.withUnsafeBytes({ isSame($0, path) })
            {
                return entries[index].route
            }
            return .unknown
        }
    }
}
