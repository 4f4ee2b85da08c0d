// A profile file as a tree that remembers where each part stood, and how one tree is laid over another.

struct ProfileNode: Sendable {
    enum Content: Sendable {
        case null
        case text(String)
        case list([ProfileNode])
        case mapping([Member])
    }

    struct Member: Sendable {
        let name: String
        /// Of the key; the value's may be another file's.
        let place: ProfilePlace
        let value: ProfileNode
    }

    let content: Content
    let place: ProfilePlace

    init(_ content: Content, at place: ProfilePlace = .init(file: "", line: nil)) {
        self.content = content
        self.place = place
    }

    var isNull: Bool {
        if case .null = content { true } else { false }
    }

    subscript(name: String) -> ProfileNode? {
        guard case .mapping(let members) = content else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// This tree where `upper` is silent, `upper` where it speaks. Mappings are laid over each other key by
    /// key; everything else, lists and null included, replaces what was there.
    func overlaid(by upper: ProfileNode) -> ProfileNode {
        guard case .mapping(let lower) = content, case .mapping(let members) = upper.content else {
            return upper
        }
        var merged = lower
        for member in members {
            if let index = merged.firstIndex(where: { $0.name == member.name }) {
                let value = merged[index].value.overlaid(by: member.value)
                merged[index] = Member(name: member.name, place: member.place, value: value)
            } else {
                merged.append(member)
            }
        }
        return ProfileNode(.mapping(merged), at: upper.place)
    }
}
