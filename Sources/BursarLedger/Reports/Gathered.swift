// The largest rows of a report's table, and the rest as one.
internal import BursarCore
private import Synchronization

/// Takes rows in their order: the first ones are kept, what follows is added up.
final class Gathered: Sendable {
    private struct Contents {
        var rows: [NamedFigures] = []
        var others = MeterCounts()
        var otherCount: Int64 = 0
        var tenantCount: Int64 = 0
    }

    private let limit: Int
    private let contents = Mutex(Contents())

    init(limit: Int) { self.limit = limit }

    func add(_ row: NamedFigures, isTenant: Bool) {
        contents.withLock { contents in
            if isTenant { contents.tenantCount += 1 }
            guard contents.rows.count >= limit else { return contents.rows.append(row) }
            contents.others += row.counts
            contents.otherCount += 1
        }
    }

    var finished: (rows: [NamedFigures], count: Int64) {
        contents.withLock { contents in
            guard contents.otherCount > 0 else { return (contents.rows, contents.tenantCount) }
            let others = NamedFigures(
                name: "all others (\(contents.otherCount))", filter: .all, counts: contents.others,
                service: ServiceFigures())
            return (contents.rows + [others], contents.tenantCount)
        }
    }
}
