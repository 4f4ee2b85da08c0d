// BEGIN, and then COMMIT or ROLLBACK, whatever the body does.

extension PostgresConnection {
    /// Runs `body` between BEGIN and COMMIT, or ROLLBACK when it throws. When the rollback fails the
    /// connection stays in its transaction, or closed: a pool lends neither again. Throws `.commitUnanswered`
    /// when the connection is lost in COMMIT.
    package func transaction<R: Sendable>(
        _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        try await perform { session throws(PostgresError) in try session.begin() }
        let value: R
        do {
            value = try await body(self)
        } catch {
            _ = try? await execute("ROLLBACK")
            throw error
        }
        // After a failed statement whose error the body kept to itself, COMMIT succeeds and says ROLLBACK.
        guard try await commit() == "COMMIT" else {
            throw PostgresError.server(PostgresServerError(sqlState: .inFailedTransaction))
        }
        return value
    }

    private func commit() async throws(PostgresError) -> String {
        do throws(PostgresError) {
            return try await reply("COMMIT").tag
        } catch {
            throw error.isConnectionLost ? .commitUnanswered : error
        }
    }
}
