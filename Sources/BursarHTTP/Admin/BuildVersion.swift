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

    /// The description of every path (OpenAPI 3.1), with this build's version.
    var openAPI: [UInt8] {
        let text = EmbeddedFiles.all.first { $0.name == "openapi.json" }?.text ?? "{}"
        return Array(text.replacing("\"0.0.0\"", with: "\"\(version)\"").utf8)
    }
}
