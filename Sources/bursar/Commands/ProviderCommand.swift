// bursar provider …
import ArgumentParser
import BursarCore
import BursarProviders
import Foundation

struct ProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider", abstract: "Provider profiles.",
        subcommands: [List.self, Show.self, Lint.self, ProviderCheckCommand.self])

    struct Shown: Encodable {
        let id: String
        let name: String
        let source: String
        /// Environments in which everything is there that a token needs.
        let usable: [String]
        /// Those that the profile names but cannot be used in yet, with what is missing.
        let incomplete: [String: String]

        init(_ profile: ProviderProfile, source: String) {
            id = profile.id.text
            name = profile.name
            self.source = source
            var usable: [String] = []
            var incomplete: [String: String] = [:]
            for environment in profile.environments.keys.sorted() {
                if let gap = profile.gap(in: environment) {
                    incomplete[environment.rawValue] = ProviderCommand.text(gap)
                } else {
                    usable.append(environment.rawValue)
                }
            }
            self.usable = usable
            self.incomplete = incomplete
        }
    }

    static func text(_ gap: ProfileGap) -> String {
        switch gap {
        case .environmentUnknown(let environment): "the profile has no environment \(environment)"
        case .baseURLMissing(let environment): "base_url of \(environment) is not known"
        case .pathMissing: "a path is not known"
        }
    }

    fileprivate static func shown(_ profile: ProviderProfile, in catalogue: ProfileCatalogue) -> Shown {
        Shown(profile, source: catalogue.source(of: profile.id)?.description ?? "")
    }
}

extension ProviderCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the providers that this gateway knows.")
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let catalogue = try administration.catalogue()
            let shown = catalogue.all.map { ProviderCommand.shown($0, in: catalogue) }
            try administration.output.print(shown) {
                TextTable(
                    header: ["ID", "NAME", "USABLE", "INCOMPLETE", "SOURCE"],
                    rows: shown.map {
                        [
                            $0.id, $0.name, $0.usable.joined(separator: " "),
                            $0.incomplete.keys.sorted().joined(separator: " "), $0.source,
                        ]
                    }, empty: "There is no provider."
                ).text
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a profile as it is in force.")
        @Argument(help: "Profile id.") var provider: ProviderID
        @OptionGroup var options: GlobalOptions

        private struct Result: Encodable {
            let provider: Shown
            let profile: String
        }

        func run() async throws {
            let administration = try Administration(options)
            let profile = try administration.profile(provider)
            let catalogue = try administration.catalogue()
            let shown = ProviderCommand.shown(profile, in: catalogue)
            let yaml = catalogue.yaml(of: provider) ?? ""
            try administration.output.print(Result(provider: shown, profile: yaml)) {
                var text = "# \(shown.source)\n" + yaml
                for (environment, missing) in shown.incomplete.sorted(by: { $0.key < $1.key }) {
                    text += "\n# not usable in \(environment): \(missing)"
                }
                return text
            }
        }
    }

    struct Lint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Check a profile file.")
        @Argument(help: "The YAML file.") var file: String
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let administration = try Administration(options)
            let profile = try ProfileCatalogue.lint(
                file: file, policy: try administration.settings.networkPolicy())
            let shown = Shown(profile, source: file)
            try administration.output.print(shown) {
                let gaps = shown.incomplete.map { "; \($0.key): \($0.value)" }.sorted().joined()
                return "\(file): the profile \(shown.id) is well-formed\(gaps)"
            }
        }
    }
}
