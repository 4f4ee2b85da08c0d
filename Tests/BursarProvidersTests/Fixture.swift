// Reads the fixture files: for each provider, what is sent and how each answer is taken.
import BursarCore
import Foundation
import Testing

@testable import BursarProviders

/// One file of `Fixtures`. Adding a provider is a profile and such a file; no test is written for it.
struct Fixture: CustomTestStringConvertible {
    let provider: String
    let overlay: ProfileNode?
    let cases: [ProfileNode]

    var testDescription: String { provider }

    static let all: [Fixture] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
        return names.filter { $0.hasSuffix(".yaml") }.sorted().map { name in
            do {
                let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
                let tree = try ProfileNode.parse(text, file: name)
                return Fixture(
                    provider: try #require(tree["provider"]?.text), overlay: tree["overlay"],
                    cases: tree["cases"]?.elements ?? [])
            } catch {
                Issue.record("\(name): \(error)")
                return Fixture(provider: name, overlay: nil, cases: [])
            }
        }
    }()

    /// The built-in profile with the fixture's overlay, as a directory file would lay it over.
    func profile() throws -> ProviderProfile {
        let file = try #require(EmbeddedFiles.all.first { $0.name == "\(provider).yaml" })
        var tree = try ProfileNode.parse(file.text, file: file.name)
        if let overlay { tree = tree.overlaid(by: overlay) }
        return try ProfileSchema(plainHTTPOnLoopback: false).profile(tree)
    }
}

extension ProfileNode {
    var text: String? {
        if case .text(let text) = content { text } else { nil }
    }

    var elements: [ProfileNode] {
        if case .list(let elements) = content { elements } else { [] }
    }

    var pairs: [String: String] {
        guard case .mapping(let members) = content else { return [:] }
        return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value.text ?? "") })
    }
}
