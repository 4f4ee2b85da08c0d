// The profiles this gateway knows: those built in, and those of a directory, laid over them.
package import BursarCore
private import Foundation

/// Read once at start; a gateway that is told of new profiles is started again.
package struct ProfileCatalogue: Sendable {
    /// Where a profile comes from.
    package enum Source: Sendable, Equatable, CustomStringConvertible {
        case builtIn
        case file(String)
        /// Built in, with some of its keys replaced by this file's.
        case builtInAndFile(String)

        package var description: String {
            switch self {
            case .builtIn: "built in"
            case .file(let path): path
            case .builtInAndFile(let path): "built in, changed by \(path)"
            }
        }
    }

    private struct Entry {
        let profile: ProviderProfile
        let source: Source
    }

    private static let mostFiles = 256
    private let entries: [ProviderID: Entry]

    /// The built-in profiles and those of `directory`. A file whose id is a built-in one replaces only the
    /// keys that it names. The first fault of any file is thrown: a gateway does not start on half its
    /// providers. `policy` decides whether http:// may stand for a loopback host.
    package static func load(
        directory: String?, policy: NetworkPolicy = .publicOnly
    ) throws(ProfileError) -> ProfileCatalogue {
        try load(builtIn: EmbeddedFiles.all, directory: directory, policy: policy)
    }

    /// The profile of one file as the gateway would see it, or the first thing that is wrong with it.
    package static func lint(
        file: String, policy: NetworkPolicy = .publicOnly
    ) throws(ProfileError) -> ProviderProfile {
        let builtIn = try trees(builtIn: EmbeddedFiles.all)
        let upper = try tree(file: file)
        return try entry(upper, over: builtIn, file: file, schema: schema(policy)).profile
    }

    /// The profile; nil when none has this id.
    package func profile(_ id: ProviderID) -> ProviderProfile? { entries[id]?.profile }

    /// Where it comes from; nil when none has this id.
    package func source(of id: ProviderID) -> Source? { entries[id]?.source }

    /// Every profile, by id.
    package var all: [ProviderProfile] { entries.values.map(\.profile).sorted { $0.id < $1.id } }

    /// The profile in force as YAML, with every default spelt out; nil when none has this id.
    package func yaml(of id: ProviderID) -> String? {
        entries[id].map { ProfileCatalogue.schema(.loopbackToo).node($0.profile).yaml }
    }

    static func load(
        builtIn: [(name: String, text: String)], directory: String?, policy: NetworkPolicy
    ) throws(ProfileError) -> ProfileCatalogue {
        let schema = schema(policy)
        let builtIn = try trees(builtIn: builtIn)
        var entries: [ProviderID: Entry] = [:]
        for tree in builtIn.values {
            let profile = try schema.profile(tree)
            entries[profile.id] = Entry(profile: profile, source: .builtIn)
        }
        var files: [ProviderID: String] = [:]
        for file in try profileFiles(in: directory) {
            let upper = try tree(file: file)
            let entry = try entry(upper, over: builtIn, file: file, schema: schema)
            if let other = files.updateValue(file, forKey: entry.profile.id) {
                let place = upper["id"]?.place ?? upper.place
                throw ProfileError(place, .idTakenTwice(entry.profile.id.text, other: other))
            }
            entries[entry.profile.id] = entry
        }
        return ProfileCatalogue(entries: entries)
    }

    private static func schema(_ policy: NetworkPolicy) -> ProfileSchema {
        ProfileSchema(plainHTTPOnLoopback: policy == .loopbackToo)
    }

    /// The built-in trees by the id that they say.
    private static func trees(builtIn: [(name: String, text: String)]) throws(ProfileError) -> [String:
        ProfileNode]
    {
        var trees: [String: ProfileNode] = [:]
        for file in builtIn {
            let tree = try ProfileNode.parse(file.text, file: "built-in/\(file.name)")
            guard case .text(let id) = tree["id"]?.content else {
                throw ProfileError(tree.place, .missingKey("id"))
            }
            guard trees.updateValue(tree, forKey: id) == nil else {
                throw ProfileError(tree.place, .idTakenTwice(id, other: "built-in"))
            }
        }
        return trees
    }

    private static func tree(file: String) throws(ProfileError) -> ProfileNode {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw ProfileError(ProfilePlace(file: file, line: nil), .unreadable)
        }
        return try ProfileNode.parse(text, file: file)
    }

    private static func entry(
        _ upper: ProfileNode, over builtIn: [String: ProfileNode], file: String, schema: ProfileSchema
    ) throws(ProfileError) -> Entry {
        guard case .text(let id) = upper["id"]?.content, let lower = builtIn[id] else {
            let profile = try schema.profile(upper)
            try check(profile.id.text, isFor: file, upper, builtIn)
            return Entry(profile: profile, source: .file(file))
        }
        try check(id, isFor: file, upper, builtIn)
        return Entry(profile: try schema.profile(lower.overlaid(by: upper)), source: .builtInAndFile(file))
    }

    /// A file may be called anything but another profile: `zatlas.yaml` with the id of Zertiban is a slip
    /// that would send one provider's secret to the other.
    private static func check(
        _ id: String, isFor file: String, _ tree: ProfileNode, _ builtIn: [String: ProfileNode]
    ) throws(ProfileError) {
        let stem = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        if stem != id, builtIn[stem] != nil {
            throw ProfileError(tree["id"]?.place ?? tree.place, .idNotFileName(id: id, file: stem))
        }
    }

    private static func profileFiles(in directory: String?) throws(ProfileError) -> [String] {
        guard let directory else { return [] }
        let place = ProfilePlace(file: directory, line: nil)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw ProfileError(place, .unreadable)
        }
        let profiles = names.filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.hasPrefix(".") }
        guard profiles.count <= mostFiles else { throw ProfileError(place, .tooLarge) }
        return profiles.sorted().map { directory + (directory.hasSuffix("/") ? "" : "/") + $0 }
    }
}
