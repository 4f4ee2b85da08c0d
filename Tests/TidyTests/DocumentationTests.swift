// What documents promise to list, they list.
import Foundation
import Testing

struct DocumentationTests {
    private let tree = SourceTree.here

    private func expect(_ page: String, names things: [(name: String, place: Finding)]) {
        let text = tree.text(page)
        #expect(!things.isEmpty, "nothing was found that \(page) could list: is the rule blind?")
        expectNone(things.filter { !text.contains($0.name) }.map(\.place))
    }

    @Test func everySettingStandsInTheAPI() throws {
        let file = try #require(tree.file("Sources/bursar/Settings/Setting.swift"))
        let settings = file.numbered(file.lines).compactMap { line, text -> (String, Finding)? in
            guard let key = text.firstMatch(of: /^\s*case \w+ = "([a-z-]+)"/)?.output.1 else { return nil }
            let variable = "`BURSAR_" + key.uppercased().replacing("-", with: "_") + "`"
            return (variable, file.finding(line, "docs/API.md does not have \(variable): add its row"))
        }
        expect("docs/API.md", names: settings)
    }

    @Test func everyMetricStandsInTheRunbook() {
        let files = tree.swift("Sources").filter { $0.target != "BursarLedger" }
        let metrics = files.flatMap { file in
            (file.swift?.literals ?? []).compactMap { literal -> (String, Finding)? in
                let metric = /(?:bursar|metrics)_[a-z0-9_]+/
                guard let name = literal.text.wholeMatch(of: metric)?.output else { return nil }
                let advice = "docs/RUNBOOK.md does not have the metric \(name): say what it tells"
                return (String(name), file.finding(literal.line, advice))
            }
        }
        expect("docs/RUNBOOK.md", names: metrics)
    }

    @Test func everyFieldOfALogLineIsExplained() {
        let files = tree.swift("Sources").filter { $0.target != "ProviderSimulator" }
        let fields = files.flatMap { file in
            file.numbered(file.lines).flatMap { line, text in
                text.matches(of: /"([a-z_]+)": "\\\(|static let \w+: Name = "([a-z_]+)"/).map { match in
                    let name = match.output.1 ?? match.output.2 ?? ""
                    let advice = "docs/LOGGING.md does not explain the field \(name)"
                    return ("`\(name)`", file.finding(line, advice))
                }
            }
        }
        expect("docs/LOGGING.md", names: fields)
    }

    /// Those that are named; the others are called after their types.
    @Test func everyCommandStandsInTheAPI() {
        let commands = tree.swift("Sources/bursar").flatMap { file in
            (file.swift?.literals ?? []).compactMap { literal -> (String, Finding)? in
                let name = literal.text
                guard file.lines[literal.line - 1].contains("commandName: \"\(name)\"") else { return nil }
                let word = name == "bursar" ? name : " \(name)"
                return (word, file.finding(literal.line, "docs/API.md lacks the command \(name)"))
            }
        }
        expect("docs/API.md", names: commands)
    }

    @Test func everyRouteStandsInTheAPI() throws {
        let file = try #require(tree.file("Sources/BursarHTTP/Server/Route.swift"))
        let routes = (file.swift?.literals ?? []).filter { $0.text.hasPrefix("/") }.map { literal in
            (literal.text, file.finding(literal.line, "docs/API.md does not have \(literal.text)"))
        }
        expect("docs/API.md", names: routes)
    }

    // MARK: Lists and links

    @Test func everyDecisionIsListed() {
        let decisions = tree.names(in: "docs/adr").filter { $0.hasSuffix(".md") && $0 != "README.md" }
        let list = tree.text("docs/adr/README.md")
        #expect(!decisions.isEmpty)
        for (index, name) in decisions.enumerated() {
            #expect(list.contains("](\(name))"), "docs/adr/README.md:1: link \(name)")
            let number = String(format: "%04d-", index + 1)
            #expect(name.hasPrefix(number), "docs/adr/\(name):1: number it without a gap: \(number)")
        }
    }

    @Test func theCodeMapIsTheListOfTargets() throws {
        let page = try #require(tree.file("docs/ARCHITECTURE.md"))
        let section = page.lines.drop { $0 != "## Code map" }.dropFirst().prefix { !$0.hasPrefix("## ") }
        let rows = section.compactMap { $0.firstMatch(of: /^\| `(\w+)` \|/).map { String($0.output.1) } }
        let folders = tree.names(in: "Sources")
        #expect(rows == folders, "docs/ARCHITECTURE.md:1: its code map lists Sources, as `LC_ALL=C ls` does")
    }

    @Test func everyLinkLeadsSomewhere() {
        expectNone(tree.pages.flatMap { Markdown($0).broken(in: tree) })
    }

    @Test func everyBuiltInProfileHasAFixture() {
        let fixtures = Set(tree.names(in: "Tests/BursarProvidersTests/Fixtures"))
        let profiles = tree.names(in: "Sources/BursarProviders/Profiles").filter { $0.hasSuffix(".yaml") }
        #expect(!profiles.isEmpty)
        for profile in profiles {
            let advice = "add Tests/BursarProvidersTests/Fixtures/\(profile)"
            #expect(fixtures.contains(profile), "Sources/BursarProviders/Profiles/\(profile):1: \(advice)")
        }
    }

    @Test func aBrokenLinkIsFound() {
        let text = """
            # One Page
            [a](README.md) [b](#one-page) [c](#two) `[d](e)`
            ```
            [f](g)
            ```
            [h](nowhere.md)
            """
        let page = SourceFile(path: "docs/adr/page.md", text: text)
        #expect(Markdown(page).anchors == ["one-page"])
        #expect(Markdown(page).links.map(\.target) == ["README.md", "#one-page", "#two", "nowhere.md"])
        #expect(Markdown(page).broken(in: tree).map(\.line).contains(6))
    }
}
