// The settings in force, each with where it came from.
import BursarCore
import BursarProviders
private import Foundation
import Logging
import Postgres

/// Resolved once at the start. Precedence: flags, environment, credentials directory, file, defaults.
struct Settings: Sendable {
    struct Value: Sendable {
        let text: String
        /// As `config show` names it.
        let source: String
    }

    private let values: [Setting: Value]

    init(flags: [String], file: String?, environment: [String: String]) throws(SettingsError) {
        let credentials = environment["CREDENTIALS_DIRECTORY"]
        let flags = try Settings.parse(flags: flags)
        let configuration = file ?? environment["BURSAR_CONFIG"]
        let fromFile = try configuration.map(SettingsFile.read) ?? [:]
        var values: [Setting: Value] = [:]
        for setting in Setting.allCases {
            values[setting] =
                flags[setting] ?? Settings.environment(setting, environment)
                ?? credentials.flatMap { Settings.credential(setting, directory: $0) } ?? fromFile[setting]
                ?? Settings.inherited(setting, environment)
                ?? setting.standard.map { Value(text: $0, source: Setting.defaultSource) }
        }
        self.values = values
    }

    subscript(_ setting: Setting) -> Value? { values[setting] }

    func text(_ setting: Setting) -> String? { values[setting]?.text }

    private static func parse(flags: [String]) throws(SettingsError) -> [Setting: Value] {
        var values: [Setting: Value] = [:]
        for flag in flags {
            guard let equals = flag.firstIndex(of: "=") else {
                throw SettingsError("--set \(flag): expected key=value")
            }
            let key = String(flag[..<equals])
            guard let setting = Setting(key: key) else { throw .unknown(key, place: "--set") }
            values[setting] = Value(text: String(flag[flag.index(after: equals)...]), source: "--set")
        }
        return values
    }

    private static func environment(_ setting: Setting, _ environment: [String: String]) -> Value? {
        // Set but empty is the usual way to unset a variable for one command.
        guard let text = environment[setting.environmentName], !text.isEmpty else { return nil }
        return Value(text: text, source: setting.environmentName)
    }

    private static func inherited(_ setting: Setting, _ environment: [String: String]) -> Value? {
        guard let name = setting.inherited else { return nil }
        return environment[name].map { Value(text: $0, source: name) }
    }

    private static func credential(_ setting: Setting, directory: String) -> Value? {
        guard let credential = setting.credential else { return nil }
        let path = directory + "/" + credential.name
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let source = "credentials directory"
        if credential.isPath { return Value(text: path, source: source) }
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return Value(text: text, source: source)
    }
}

extension SettingsError {
    static func unknown(_ key: String, place: String) -> SettingsError {
        let nearest = nearestName(to: key, among: Setting.allCases.map(\.rawValue))
        let hint = nearest.map { "; did you mean \($0)?" } ?? "; `bursar config show` lists them all"
        return SettingsError("\(place): there is no setting \(key)\(hint)")
    }
}

/// The settings as what they mean; each complaint names the setting, its source and what would be right.
extension Settings {
    var databaseURL: String { text(.databaseURL) ?? "" }

    func databasePooler() throws(SettingsError) -> PostgresPooler {
        try parse(.databasePooler, expected: "none or transaction") {
            PostgresPooler(rawValue: $0.lowercased())
        }
    }

    func port(_ setting: Setting) throws(SettingsError) -> Int {
        try parse(setting, expected: "a port from 0 to 65535") { text in
            Int(text).flatMap { (0...65_535).contains($0) ? $0 : nil }
        }
    }

    func flag(_ setting: Setting) throws(SettingsError) -> Bool {
        try parse(setting, expected: "true or false") { Bool($0.lowercased()) }
    }

    func drain() throws(SettingsError) -> Duration {
        try parse(.drainSeconds, expected: "a number of seconds from 0 to 8") { text in
            Double(text).flatMap { (0...8).contains($0) ? .milliseconds(Int64($0 * 1_000)) : nil }
        }
    }

    func required(_ setting: Setting) throws(SettingsError) -> String {
        guard let text = text(setting), !text.isEmpty else {
            throw SettingsError(
                "\(setting.environmentName) is needed and not set: \(setting.meaning)")
        }
        return text
    }

    /// The zone that somebody has chosen; nil takes the one that the database has.
    var reportZone: String? {
        guard let value = self[.reportZone], value.source != Setting.defaultSource else { return nil }
        return value.text
    }

    func logLevel() throws(SettingsError) -> Logger.Level {
        try parse(.logLevel, expected: Setting.logLevel.meaning) { Logger.Level(rawValue: $0.lowercased()) }
    }

    func logFormat() throws(SettingsError) -> LogFormat {
        try parse(.logFormat, expected: Setting.logFormat.meaning) { LogFormat(rawValue: $0.lowercased()) }
    }

    func networkPolicy() throws(SettingsError) -> NetworkPolicy {
        do throws(NetworkPolicyError) {
            return try NetworkPolicy(setting: text(.providerNetworks) ?? "public")
        } catch {
            throw SettingsError("\(place(of: .providerNetworks)): \(error.description)")
        }
    }

    private func parse<Value>(
        _ setting: Setting, expected: String, _ read: (String) -> Value?
    ) throws(SettingsError) -> Value {
        let text = try required(setting)
        guard let value = read(text) else {
            throw SettingsError("\(place(of: setting)): \(text) is not \(expected)")
        }
        return value
    }

    private func place(of setting: Setting) -> String {
        let source = self[setting]?.source ?? Setting.defaultSource
        return source == setting.environmentName ? source : "\(setting.rawValue) (\(source))"
    }
}
