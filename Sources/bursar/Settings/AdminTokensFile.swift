// Reads the file that says who may read reports.
import BursarHTTP
import Foundation

enum AdminTokensFile {
    /// Nil without a file. Others than owner and group must have no access, as for the keyring.
    static func load(_ path: String?) throws -> AdminTokens? {
        guard let path else { return nil }
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        guard let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue,
            let data = FileManager.default.contents(atPath: path)
        else {
            throw SettingsError(
                "BURSAR_ADMIN_TOKENS_FILE: cannot read \(path); check the path and its rights")
        }
        guard mode & 0o007 == 0 else {
            throw SettingsError("BURSAR_ADMIN_TOKENS_FILE: \(path) is open to others; run chmod 640 \(path)")
        }
        guard data.count <= 1 << 20 else {
            throw SettingsError(
                "BURSAR_ADMIN_TOKENS_FILE: \(path) is larger than 1 MiB; is it the right file?")
        }
        do {
            return try AdminTokens(String(decoding: data, as: UTF8.self), name: path)
        } catch {
            throw SettingsError("BURSAR_ADMIN_TOKENS_FILE: \(error.description)")
        }
    }
}
