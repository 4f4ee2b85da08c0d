// The YAML file: a flat mapping of settings.
private import Foundation
private import Yams

/// Reads `key: value` lines; an unknown key is an error that names the line and the nearest key.
enum SettingsFile {
    static func read(path: String) throws(SettingsError) -> [Setting: Settings.Value] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError("cannot read the configuration \(path); check --config and BURSAR_CONFIG")
        }
        return try parse(String(decoding: data, as: UTF8.self), path: path)
    }

    static func parse(_ text: String, path: String) throws(SettingsError) -> [Setting: Settings.Value] {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw SettingsError("\(path): not YAML: \(error)")
        }
        guard let root else { return [:] }
        guard let mapping = root.mapping else {
            throw SettingsError("\(path): expected one `key: value` a line")
        }
        var values: [Setting: Settings.Value] = [:]
        for (key, value) in mapping {
            let name = key.string ?? ""
            let place = "\(path):\(key.mark?.line ?? 1)"
            guard let setting = Setting(key: name) else { throw .unknown(name, place: place) }
            guard let scalar = value.scalar else {
                throw SettingsError("\(place): \(name) takes a plain value")
            }
            guard values[setting] == nil else { throw SettingsError("\(place): \(name) stands twice") }
            values[setting] = Settings.Value(text: scalar.string, source: place)
        }
        return values
    }
}
