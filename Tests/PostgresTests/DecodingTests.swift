// What a row says when it does not hold what was expected.
import Testing

@testable import Postgres

extension ServerTests {
    @Suite struct DecodingTests {
        private func row(_ query: PostgresQuery) async throws -> PostgresRow {
            let connection = try await TestServer.connect()
            return try await connection.query(query)[0]
        }

        private func complaint(_ body: () throws -> some Any) async throws -> String {
            "\(try await TestServer.error { try body() })"
        }

        @Test func aWrongTypeNamesColumnAndBothTypes() async throws {
            let row = try await row("SELECT 'x'::text AS token_name, 1::int8 AS big")
            let wrongType = try await complaint { try row.decode("token_name", as: Int.self) }
            #expect(wrongType == "column \"token_name\": expected int8, found text")
            let narrowing = try await complaint { try row.decode("big", as: Int32.self) }
            #expect(narrowing == "column \"big\": expected int4, found int8")
            let scalar = try await complaint { try row.decode("token_name", as: [String].self) }
            #expect(scalar == "column \"token_name\": expected text[], found text")
        }

        @Test func anUnexpectedNULLNamesTheColumn() async throws {
            let row = try await row("SELECT NULL::int8 AS expiry, ARRAY[1, NULL]::int8[] AS list")
            #expect(
                try await complaint { try row.decode("expiry", as: Int.self) }
                    == "column \"expiry\": expected int8, found NULL")
            #expect(
                try await complaint { try row.decode("list", as: [Int].self) }
                    == "column \"list\": expected int8, found NULL")
            #expect(try row.decode("list", as: [Int?].self) == [1, nil])
        }

        @Test func theNumberOfColumnsHasToFit() async throws {
            let row = try await row("SELECT 1::int8, 2::int8")
            #expect(try row.decode(Int.self, Int.self) == (1, 2))
            #expect(try await complaint { try row.decode(Int.self) }.contains("found 2"))
            #expect(try await complaint { try row.decode(Int.self, Int.self, Int.self) }.contains("found 2"))
            #expect(try await complaint { try row.decode("three", as: Int.self) }.contains("no such column"))
        }

        @Test func neitherRowNorCellNorQueryNorConfigurationShowsAValue() async throws {
            let canary = "canary-value"
            let query: PostgresQuery = "SELECT \(canary) AS secret"
            let row = try await row(query)
            let configuration = PostgresConfiguration(connectionString: "password=\(canary)")
            for thing in [query, row, configuration, try #require(row["secret"])] as [Any] {
                var dumped = ""
                dump(thing, to: &dumped)
                #expect(!"\(thing) \(String(reflecting: thing)) \(dumped)".contains(canary))
            }
        }

        @Test func severalRowsKeepTheirNULLsApart() async throws {
            let connection = try await TestServer.connect()
            let rows = try await connection.query(
                "SELECT * FROM (VALUES (NULL, 'a'), ('', NULL), (NULL, NULL), ('b', 'c')) AS v(x, y)")
            let values = try rows.map { try $0.decode(String?.self, String?.self) }
            #expect(values.map(\.0) == [nil, "", nil, "b"])
            #expect(values.map(\.1) == ["a", nil, nil, "c"])
        }
    }
}
