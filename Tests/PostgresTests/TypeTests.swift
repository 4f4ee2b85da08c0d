// Every type there and back through the server.
import Testing

@testable import Postgres

extension ServerTests {
    @Suite struct TypeTests {
        /// Sends values one by one and as an array with a NULL, and compares what comes back.
        private func roundTrip<T: PostgresCodable & PostgresArrayElement & Equatable>(
            _ values: [T], sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let connection = try await TestServer.connect()
            for value in values {
                let row = try await connection.query("SELECT \(value) AS value, \(T?.none) AS nothing")[0]
                let (there, nothing) = try row.decode(T.self, T?.self)
                #expect(there == value, sourceLocation: sourceLocation)
                #expect(nothing == nil, sourceLocation: sourceLocation)
            }
            let gaps = values.map { T?.some($0) } + [nil]
            let row = try await connection.query("SELECT \(values) AS a, \(gaps) AS b, \([T]()) AS c")[0]
            let (full, withNull, empty) = try row.decode([T].self, [T?].self, [T].self)
            #expect(full == values, sourceLocation: sourceLocation)
            #expect(withNull == gaps, sourceLocation: sourceLocation)
            #expect(empty.isEmpty, sourceLocation: sourceLocation)
            await connection.close()
        }

        @Test func booleansComeBack() async throws { try await roundTrip([true, false]) }

        @Test func integersComeBackToTheirExtremes() async throws {
            try await roundTrip([Int16.min, -1, 0, 1, .max])
            try await roundTrip([Int32.min, -1, 0, 1, .max])
            try await roundTrip([Int64.min, -1, 0, 1, .max])
            try await roundTrip([Int.min, -1, 0, 1, .max])
        }

        @Test func doublesComeBackToTheirExtremes() async throws {
            try await roundTrip([
                0, -0.0, .pi, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, -.infinity,
            ])
            let connection = try await TestServer.connect()
            #expect(try await connection.query("SELECT \(Double.nan)")[0].decode(Double.self).isNaN)
        }

        @Test func textComesBackInEveryScript() async throws {
            let long = String(repeating: "žluťoučký kůň ", count: 10_000)
            try await roundTrip(["", " ", "a'b\"c\\d$1", "日本語 🦆", "\u{1}\n\t", long])
        }

        @Test func bytesComeBackWithNULs() async throws {
            try await roundTrip([[], [0], [0, 255, 1], [UInt8](repeating: 7, count: 300_000)] as [[UInt8]])
        }

        @Test func uuidsComeBackAndPrintAsTheServerPrintsThem() async throws {
            let uuid = try #require(PostgresUUID("0123ABCD-4567-89ef-fedc-ba9876543210"))
            try await roundTrip([uuid, PostgresUUID(high: 0, low: 0), PostgresUUID(high: .max, low: .max)])
            let connection = try await TestServer.connect()
            let text = try await connection.query("SELECT (\(uuid))::text")[0].decode(String.self)
            #expect(text == "\(uuid)")
            #expect(PostgresUUID("0123ABCD-4567-89ef-fedc-ba987654321") == nil)
            #expect(PostgresUUID("+123ABCD-4567-89ef-fedc-ba9876543210") == nil)
        }

        @Test func timestampsComeBackToTheirExtremes() async throws {
            // PostgreSQL's earliest instant is noon of 4714-11-24 BC less half a day.
            let earliest = PostgresTimestamp(microseconds: -210_866_803_200_000_000)
            try await roundTrip([
                PostgresTimestamp(microseconds: 0), .init(microseconds: 1),
                .init(microseconds: 1_763_683_200_123_456),
                earliest, .infinity, .minusInfinity, .init(microseconds: 9_223_371_331_199_999_999),
            ])
            let connection = try await TestServer.connect()
            let row = try await connection.query("SELECT timestamptz '1970-01-02 00:00:00.000001+00'")[0]
            #expect(try row.decode(PostgresTimestamp.self).microseconds == 86_400_000_001)
            let late = try await connection.query("SELECT timestamptz '294276-12-31 00:00:00+00' AS late")[0]
            let error = try await TestServer.error { try late.decode(PostgresTimestamp.self) }
            #expect("\(error)".contains("late"))
        }

        @Test func datesComeBackToTheirExtremes() async throws {
            try await roundTrip([
                PostgresDate(days: 0), .init(days: -1), .init(days: 20_000), .infinity, .minusInfinity,
            ])
            let connection = try await TestServer.connect()
            let row = try await connection.query(
                "SELECT date '5874897-12-31', date '4714-11-24 BC', date '1970-01-02'")[0]
            let (last, first, second) = try row.decode(
                PostgresDate.self, PostgresDate.self, PostgresDate.self)
            #expect(second.days == 1)
            let text = try await connection.query("SELECT (\(last))::text, (\(first))::text")[0]
            #expect(try text.decode(String.self, String.self) == ("5874897-12-31", "4714-11-24 BC"))
        }

        @Test func intervalsComeBackAndMonthsAreRefused() async throws {
            try await roundTrip([
                PostgresInterval(microseconds: 0), .init(microseconds: -1), .init(.seconds(3600)),
                .init(microseconds: .max), .init(microseconds: .min),
            ])
            let connection = try await TestServer.connect()
            let row = try await connection.query(
                "SELECT interval '1 day 1 second' AS d, interval '1 month' AS m")[0]
            #expect(try row.decode("d", as: PostgresInterval.self).duration == .seconds(86_401))
            let error = try await TestServer.error { try row.decode("m", as: PostgresInterval.self) }
            #expect(
                "\(error)" == "column \"m\": expected interval without months, found interval with months")
        }

        @Test func jsonComesBackAsText() async throws {
            try await roundTrip([#"{"a": [1, 2.50, null, "ž"]}"#, "3", #""x""#].map { PostgresJSON($0) })
            let connection = try await TestServer.connect()
            let row = try await connection.query(#"SELECT json '{"b" : 1}'"#)[0]
            #expect(try row.decode(PostgresJSON.self).text == #"{"b" : 1}"#)
        }

        @Test func numericsComeBackExactly() async throws {
            let texts = [
                "0", "0.00", "1", "-1", "0.1", "-0.0001", "0.00012345", "10000", "100000000", "9999.9999",
                "12345678901234567890.123456789012345678901", "1000000000000000000000000000000", "NaN",
                "Infinity",
                "-Infinity", String(repeating: "9", count: 131_072),
                "0." + String(repeating: "0", count: 16_382) + "1",
            ]
            let numerics = try texts.map { try #require(PostgresNumeric($0)) }
            try await roundTrip(numerics)
            let connection = try await TestServer.connect()
            for numeric in numerics {
                let row = try await connection.query("SELECT (\(numeric))::text")[0]
                #expect(try row.decode(String.self) == numeric.text)
            }
        }

        @Test func narrowerTypesWiden() async throws {
            let connection = try await TestServer.connect()
            let row = try await connection.query(
                "SELECT 1::int2, 2::int4, 3::oid, 1.5::float4, 'a'::varchar, 'b'::name, ARRAY['c'::varchar]")[
                    0]
            let values = try row.decode(
                Int32.self, Int.self, Int64.self, Double.self, String.self, String.self, [String].self)
            #expect((values.0, values.1, values.2, values.3) == (1, 2, 3, 1.5))
            #expect((values.4, values.5, values.6) == ("a", "b", ["c"]))
        }

        @Test func enumsOfTheDatabaseReadAsText() async throws {
            try await TestServer.withSchema { configuration in
                let connection = try await PostgresConnection.connect(configuration)
                try await connection.execute("CREATE TYPE mood AS ENUM ('calm', 'hasty')")
                let row = try await connection.query("SELECT \("calm")::mood, ARRAY['hasty']::mood[]")[0]
                #expect(try row.decode(String.self, [String].self) == ("calm", ["hasty"]))
                await connection.close()
            }
        }

        private enum Colour: String, PostgresCodable { case red, blue }

        @Test func rawValuesBindAndReadAsThemselves() async throws {
            let connection = try await TestServer.connect()
            let row = try await connection.query("SELECT \(Colour.red) AS known, 'green' AS other")[0]
            #expect(try row.decode("known", as: Colour.self) == .red)
            let error = try await TestServer.error { try row.decode("other", as: Colour.self) }
            #expect("\(error)" == "column \"other\": expected Colour, found a value that is none")
        }
    }
}
