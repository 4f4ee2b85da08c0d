// SQL: where it may stand, and how migrations are numbered.
import Foundation
import Testing

struct DatabaseTests {
    private let tree = SourceTree.here

    /// SQL stands beside the code that decodes it.
    static func sql(_ file: SourceFile) -> [Finding] {
        let pattern =
            /(?:SELECT|INSERT INTO|DELETE FROM|UPDATE|(?:CREATE|ALTER|DROP) (?:TABLE|ROLE|VIEW))\s+\S/
        return (file.swift?.literals ?? []).filter { $0.text.contains(pattern) }.map { literal in
            file.finding(literal.line, "SQL stands in BursarLedger and Postgres: move the statement there")
        }
    }

    @Test func sqlStaysBehindItsWall() {
        let outside = tree.swift("Sources").filter { !["BursarLedger", "Postgres"].contains($0.target) }
        expectNone(outside.flatMap(Self.sql))
    }

    @Test func misplacedSQLIsFound() {
        let text = "let a = \"SELECT 1\"\n// SELECT 1\nlet b = \"select a tenant; UPDATE\"\n"
        let file = SourceFile(path: "Sources/BursarGateway/Gateway.swift", text: text)
        #expect(Self.sql(file).map(\.line) == [1])
    }

    // MARK: db/

    private var migrations: [SourceFile] { tree.files(in: "db/migrations", ending: ["sql"]) }

    @Test func migrationsAreNumberedWithoutGaps() {
        #expect(!migrations.isEmpty)
        for (index, file) in migrations.enumerated() {
            let name = file.path.split(separator: "/").last ?? ""
            let number = String(format: "%04d_", index + 1)
            let isProper = name.hasPrefix(number) && name.contains(/^\d{4}_[a-z0-9_]+\.sql$/)
            #expect(isProper, "\(file.path):1: begin the name with \(number) and go on in [a-z0-9_]")
        }
    }

    @Test func everyMigrationSaysFromWhereItIsCompatible() {
        for (index, file) in migrations.enumerated() {
            let line = file.lines.first?.firstMatch(of: /^-- compatible-from: (\d{4})$/)
            let oldest = line.flatMap { Int($0.output.1) }
            let isKnown = oldest.map { (1...index + 1).contains($0) } ?? false
            #expect(isKnown, "\(file.path):1: begin with `-- compatible-from: NNNN`, see db/README.md")
        }
    }

    @Test func everyViewIsDroppedFirstAndDocumented() {
        for file in tree.files(in: "db/views", ending: ["sql"]) {
            let dropped = file.text.firstMatch(of: /DROP VIEW IF EXISTS[^;]*;/)?.output ?? ""
            for match in file.text.matches(of: /CREATE VIEW (\w+\.\w+)/) {
                let view = match.output.1
                let isDocumented = file.text.contains("COMMENT ON VIEW \(view) IS")
                #expect(isDocumented, "\(file.path):1: \(view) has no COMMENT ON VIEW")
                #expect(dropped.contains(view), "\(file.path):1: drop \(view) first")
            }
        }
    }
}
