// Hears of changes of the configuration on a connection of its own.
package import BursarCore
package import Postgres

/// Listens to what `ConfigurationChange` says when it commits.
package struct LedgerNotices: ConfigurationNotices {
    private let ledger: Ledger
    private let configuration: PostgresConfiguration

    static let channel = "bursar_config"
    /// How often the connection is tried: a server that is gone says nothing by itself.
    private static let interval: Duration = .seconds(10)

    /// - Parameter ledger: reports when listening fails.
    package init(ledger: Ledger, configuration: PostgresConfiguration) {
        self.ledger = ledger
        self.configuration = configuration
    }

    package func listen(
        _ heard: @escaping @Sendable (ConfigVersion?) async -> Void
    ) async throws(StoreFailure) {
        let (connection, notices) = try await ledger.serving(.listen) {
            let connection = try await PostgresConnection.connect(configuration)
            return (connection, try await connection.listen(to: [Self.channel]))
        }
        await withTaskGroup { group in
            group.addTask {
                await heard(nil)
                for await notice in notices { await heard(Int64(notice.payload).map { ConfigVersion($0) }) }
            }
            group.addTask {
                do {
                    while true {
                        try await Task.sleep(for: Self.interval)
                        _ = try await connection.query("SELECT 1")
                    }
                } catch {
                    // The connection is lost, and the stream ends with it; or nobody listens any more.
                }
            }
            await group.next()
            group.cancelAll()
        }
        await connection.close()
        throw .unavailable
    }
}
