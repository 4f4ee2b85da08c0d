// bursar config …
import ArgumentParser

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The settings in force.", subcommands: [Show.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every setting, its value and where it came from; secrets are redacted.")
        @OptionGroup var options: GlobalOptions

        private struct Row: Encodable {
            let setting: String
            let environment: String
            let value: String?
            let source: String
            let meaning: String
        }

        func run() async throws {
            let settings = try options.settings()
            let rows = Setting.allCases.map { setting in
                let value = settings[setting]
                return Row(
                    setting: setting.rawValue, environment: setting.environmentName,
                    value: value.map { setting == .databaseURL ? Redaction.database($0.text) : $0.text },
                    source: value?.source ?? "not set", meaning: setting.meaning)
            }
            try Output(json: options.json).print(rows) {
                TextTable(
                    header: ["SETTING", "VALUE", "SOURCE"],
                    rows: rows.map { [$0.setting, $0.value ?? "-", $0.source] }, empty: ""
                ).text
            }
        }
    }
}

/// What may be shown of a libpq URI or conninfo: everything but the password.
enum Redaction {
    static func database(_ text: String) -> String {
        let uri = text.replacing(/(:\/\/[^:@\/]*):[^@]*@/) { "\($0.output.1):<redacted>@" }
        return uri.replacing(/(password|passfile|sslpassword)(\s*=\s*)('(\\.|[^'])*'|[^\s&']+)/) {
            "\($0.output.1)\($0.output.2)<redacted>"
        }
    }
}
