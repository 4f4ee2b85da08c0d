// What documents and comments refer to is there.
import Foundation
import Testing

struct ReferenceTests {
    private let tree = SourceTree.here

    /// What stands between backticks, outside of fenced code.
    private func spans(_ page: SourceFile) -> [(line: Int, text: String)] {
        page.numbered(Markdown(page).prose).flatMap { line, text in
            text.matches(of: /`([^`]+)`/).map { (line, String($0.output.1)) }
        }
    }

    // MARK: The architecture

    /// Everything that is declared, by its bare name.
    private var declared: Set<String> {
        let pattern = /\b(?:struct|class|enum|protocol|actor|typealias|func|case|let|var)\s+(\w+)/
            .wordBoundaryKind(.simple)
        let lines = tree.swift("Sources", "Plugins").flatMap { $0.swift?.code ?? [] }
        return Set(lines.compactMap { $0.firstMatch(of: pattern)?.output.1 }.map(String.init))
    }

    /// Targets, and the rooms within them.
    private var folders: Set<String> {
        let targets = tree.names(in: "Sources")
        return Set(targets + targets.flatMap { tree.names(in: "Sources/\($0)") } + tree.names(in: "Tests"))
    }

    @Test func everyTypeThatTheArchitectureNamesIsThere() throws {
        let page = try #require(tree.file("docs/ARCHITECTURE.md"))
        let known = declared.union(folders).union(["Mutex", "Service"])
        let names = spans(page).filter { span in
            span.text.contains(/^[A-Z]+[a-z]\w*(?:\.\w+)?(?:\(.*\))?$/) && !span.text.hasSuffix(".swift")
        }
        #expect(names.count > 50)
        let missing = names.filter { span in
            span.text.prefix { $0 != "(" }.split(separator: ".").contains { !known.contains(String($0)) }
        }
        expectNone(missing.map { page.finding($0.line, "nothing is called \($0.text): has it moved?") })
    }

    @Test func everyFileThatTheArchitectureNamesIsThere() throws {
        let page = try #require(tree.file("docs/ARCHITECTURE.md"))
        let known = Set(tree.swift("Sources", "Plugins").map { ($0.path as NSString).lastPathComponent })
        let missing = spans(page).filter { span in
            span.text.contains(/^[\w+]+\.swift$/) && !known.contains(span.text)
        }
        expectNone(missing.map { page.finding($0.line, "there is no \($0.text)") })
    }

    // MARK: Paths and facts

    @Test func everyPathInADocumentIsThere() {
        let path = /^(?:Sources|Tests|docs|db|scripts|Plugins)\/[\w.+\/-]+$/
        let missing = tree.pages.flatMap { page in
            spans(page).filter { span in
                // NNNN and <id> stand for what a reader fills in.
                span.text.contains(path) && !span.text.contains("NNNN") && !tree.exists(span.text)
            }.map { page.finding($0.line, "there is no \($0.text)") }
        }
        expectNone(missing)
    }

    /// Such as "PROVIDERS Z1" in a comment: the entry Z1 of docs/PROVIDERS.md.
    @Test func everyProviderFactIsThere() {
        let facts = tree.file("docs/PROVIDERS.md")?.lines ?? []
        let findings = tree.swift("Sources", "Tests").flatMap { file in
            file.numbered(file.swift?.comments ?? []).flatMap { line, comment in
                comment.matches(of: /PROVIDERS ([A-Z]\d)/).map { String($0.output.1) }
                    .filter { id in !facts.contains { $0.hasPrefix("- \(id) ") } }
                    .map { file.finding(line, "docs/PROVIDERS.md has no \($0)") }
            }
        }
        expectNone(findings)
    }
}
