// The walls between targets, read from the sources.
import Foundation
import Testing

struct WallTests {
    private let tree = SourceTree.here

    @Test func theSourcesAreFound() {
        #expect(tree.swift("Sources").count > 100, "looked in \(tree.root.path)")
    }

    @Test func everyImportIsAllowed() {
        expectNone(tree.swift("Sources").flatMap(Walls.findings))
    }

    @Test func everyTargetHasItsWall() {
        let known = Set(Walls.imports.keys).union(Walls.withoutSwift)
        let there = Set(tree.names(in: "Sources"))
        #expect(there == known, "Tests/TidyTests/Walls.swift must list exactly the targets of Sources")
    }

    @Test func theEdgesDoNotKnowEachOther() {
        let edges: Set = ["BursarHTTP", "BursarLedger", "BursarProviders"]
        for edge in edges {
            let others = edges.subtracting([edge])
            #expect(Walls.imports[edge]?.isDisjoint(with: others) == true, "\(edge) knows another edge")
        }
        for edge in ["BursarHTTP", "BursarLedger"] {
            #expect(Walls.imports[edge]?.contains("BursarVault") == false, "\(edge) could open secrets")
        }
        for library in ["Postgres", "Prometheus"] {
            let ours = Walls.imports[library]?.filter { $0.hasPrefix("Bursar") } ?? ["missing"]
            #expect(ours.isEmpty, "\(library) could no longer be given away")
        }
    }

    @Test func coreOnlyDecides() {
        expectNone(tree.swift("Sources/BursarCore").flatMap(Walls.impurities))
    }

    @Test func aForeignImportIsFound() {
        let text = """
            // import BursarVault
            package import BursarCore
            private import struct BursarVault.Vault
            """
        let file = SourceFile(path: "Sources/BursarLedger/Ledger.swift", text: text)
        #expect(Walls.findings(in: file).map(\.line) == [3])
    }

    @Test func impurityIsFoundInCodeOnly() {
        let text = #"""
            // await Task Date .now
            let text = "await \(Task.self) Date"
            protocol Store { func read() async }
            let now = clock.now
            self.now = now
            """#
        let file = SourceFile(path: "Sources/BursarCore/Store.swift", text: text)
        #expect(Walls.impurities(in: file).map(\.line).sorted() == [2, 4])
    }
}
