// Between YAML text and the tree: the only file here that knows Yams.
private import Yams

extension ProfileNode {
    /// A profile is a page of text. The bounds also stop a file whose aliases multiply.
    private static let largestFile = 65_536
    private static let mostNodes = 5_000
    private static let deepest = 12

    /// The tree of one file. An empty file is an empty mapping.
    static func parse(_ text: String, file: String) throws(ProfileError) -> ProfileNode {
        let whole = ProfilePlace(file: file, line: nil)
        guard text.utf8.count <= largestFile else { throw ProfileError(whole, .tooLarge) }
        let root: Node?
        do {
            root = try compose(yaml: text)
        } catch {
            throw ProfileError(yaml: error, text: text, file: file)
        }
        guard let root else { return ProfileNode(.mapping([]), at: whole) }
        var budget = mostNodes
        return try convert(root, file: file, depth: 0, budget: &budget)
    }

    /// The tree as YAML text.
    var yaml: String {
        (try? Yams.serialize(node: node, width: -1, allowUnicode: true)) ?? ""
    }

    private static func convert(
        _ node: Node, file: String, depth: Int, budget: inout Int
    ) throws(ProfileError) -> ProfileNode {
        let place = ProfilePlace(file: file, line: node.mark?.line)
        budget -= 1
        guard budget > 0, depth < deepest else { throw ProfileError(place, .tooLarge) }
        switch node {
        case .scalar(let scalar):
            let isNull = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            return ProfileNode(isNull ? .null : .text(scalar.string), at: place)
        case .sequence(let sequence):
            var elements: [ProfileNode] = []
            for element in sequence {
                elements.append(try convert(element, file: file, depth: depth + 1, budget: &budget))
            }
            return ProfileNode(.list(elements), at: place)
        case .mapping(let mapping):
            var members: [Member] = []
            for (key, value) in mapping {
                let keyPlace = ProfilePlace(file: file, line: key.mark?.line)
                guard case .scalar(let name) = key else {
                    throw ProfileError(keyPlace, .wrongType("key", expected: "text"))
                }
                guard !members.contains(where: { $0.name == name.string }) else {
                    throw ProfileError(keyPlace, .duplicateKey(name.string))
                }
                let value = try convert(value, file: file, depth: depth + 1, budget: &budget)
                members.append(Member(name: name.string, place: keyPlace, value: value))
            }
            return ProfileNode(.mapping(members), at: place)
        case .alias:
            // The parser has put the anchored node in its place already.
            throw ProfileError(place, .syntax("an alias without an anchor"))
        }
    }

    private var node: Node {
        switch content {
        case .null: Node("null", .implicit, .plain)
        case .text(let text): Node(text, .implicit, ProfileNode.style(of: text))
        case .list(let elements): Node(elements.map(\.node), .implicit, .flow)
        case .mapping(let members):
            Node(
                members.map { (Node($0.name), $0.value.node) }, .implicit, members.isEmpty ? .flow : .block)
        }
    }

    /// Text that YAML would read as something else, or as a comment or template brace, stands in quotes.
    private static func style(of text: String) -> Node.Scalar.Style {
        let plain = text.utf8.allSatisfy {
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_.-".utf8.contains($0)
        }
        let reserved = ["", "~", "null", "true", "false", "yes", "no", "on", "off"].contains(
            text.lowercased())
        return plain && !reserved ? .plain : .doubleQuoted
    }
}

extension ProfileError {
    fileprivate init(yaml error: any Error, text: String, file: String) {
        func place(_ line: Int?) -> ProfilePlace { ProfilePlace(file: file, line: line) }
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            self.init(place(mark.line), .syntax(problem))
        case YamlError.reader(let problem, let offset, _, _):
            let line = offset.map { text.prefix($0).count { $0.isNewline } + 1 }
            self.init(place(line), .syntax(problem))
        case YamlError.duplicatedKeysInMapping(let names, let context):
            self.init(place(context.mark.line), .duplicateKey(names.first ?? ""))
        default: self.init(place(nil), .syntax("cannot be parsed"))
        }
    }
}
