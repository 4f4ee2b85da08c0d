// What `/version` tells.

/// Which build runs.
package struct BuildVersion: Sendable {
    package let version: String
    package let commit: String?
    package let swift: String?

    package init(version: String, commit: String? = nil, swift: String? = nil) {
        self.version = version
        self.commit = commit
        self.swift = swift
    }

    var json: [UInt8] {
        var json = JSONWriter()
        json.member("version", version)
        if let commit { json.member("commit", commit) }
        if let swift { json.member("swift", swift) }
        return json.finished()
    }
}
