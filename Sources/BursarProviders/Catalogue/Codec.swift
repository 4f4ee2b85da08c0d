// How one value of a profile is read from a file and written back to one.
import BursarCore

/// Both directions in one place, so that what `provider show` prints can be read again.
struct Codec<Value> {
    /// Gets the node and the dotted key for the error.
    let read: (ProfileNode, String) throws(ProfileError) -> Value
    let write: (Value) -> ProfileNode
}

extension Codec {
    /// null stands for nil.
    var orNull: Codec<Value?> {
        Codec<Value?>(
            read: { (node, key) throws(ProfileError) in node.isNull ? nil : try read(node, key) },
            write: { value in value.map(write) ?? ProfileNode(.null) })
    }
}

extension Codec where Value == String {
    /// Any scalar but null, as it is written: `2` is "2".
    static var text: Codec {
        Codec(
            read: { (node, key) throws(ProfileError) in
                guard case .text(let text) = node.content else {
                    throw ProfileError(node.place, .wrongType(key, expected: "text"))
                }
                return text
            },
            write: { ProfileNode(.text($0)) })
    }

    /// Text for which `problem` finds nothing to say.
    static func text(_ problem: @escaping (String) -> ProfileProblem.Reason?) -> Codec {
        Codec(
            read: { (node, key) throws(ProfileError) in
                let text = try Codec.text.read(node, key)
                if let reason = problem(text) {
                    throw ProfileError(node.place, .badValue(key, reason: reason))
                }
                return text
            },
            write: Codec.text.write)
    }

    /// A JSON pointer.
    static var pointer: Codec {
        text { JSONPointer($0) == nil ? "must be a JSON pointer such as /access_token" : nil }
    }
}

extension ProfileProblem {
    typealias Reason = String
}

extension Codec where Value == ProviderID {
    static var id: Codec {
        Codec(
            read: { (node, key) throws(ProfileError) in
                guard let id = ProviderID(try Codec<String>.text.read(node, key)) else {
                    let reason = "must be 1 to 32 of a-z, 0-9, - and _, beginning with a letter"
                    throw ProfileError(node.place, .badValue(key, reason: reason))
                }
                return id
            },
            write: { ProfileNode(.text($0.text)) })
    }
}

extension Codec where Value == Template {
    static var template: Codec {
        Codec(
            read: { (node, key) throws(ProfileError) in
                guard let template = TemplateText.template(try Codec<String>.text.read(node, key)) else {
                    let reason = "must close each { after a name such as customer_id"
                    throw ProfileError(node.place, .badValue(key, reason: reason))
                }
                return template
            },
            write: { ProfileNode(.text(TemplateText.text(of: $0))) })
    }
}

extension Codec where Value == Int {
    static func integer(in bounds: ClosedRange<Int>) -> Codec {
        Codec(
            read: { (node, key) throws(ProfileError) in
                guard let number = Int(try Codec<String>.text.read(node, key)) else {
                    throw ProfileError(node.place, .wrongType(key, expected: "a whole number"))
                }
                guard bounds.contains(number) else {
                    let bounds = "\(bounds.lowerBound) to \(bounds.upperBound)"
                    throw ProfileError(node.place, .outOfBounds(key, bounds: bounds))
                }
                return number
            },
            write: { ProfileNode(.text(String($0))) })
    }
}

extension Codec where Value == Duration {
    static func duration(in bounds: ClosedRange<Duration>) -> Codec {
        Codec(
            read: { (node, key) throws(ProfileError) in
                guard let duration = DurationText.duration(try Codec<String>.text.read(node, key)) else {
                    throw ProfileError(
                        node.place, .wrongType(key, expected: "a duration such as 500ms, 10s, 15m, 24h"))
                }
                guard bounds.contains(duration) else {
                    let bounds =
                        "\(DurationText.text(bounds.lowerBound)) to \(DurationText.text(bounds.upperBound))"
                    throw ProfileError(node.place, .outOfBounds(key, bounds: bounds))
                }
                return duration
            },
            write: { ProfileNode(.text(DurationText.text($0))) })
    }
}

extension Codec where Value: Equatable {
    /// One of a few words.
    static func choice(_ choices: [(word: String, value: Value)]) -> Codec {
        Codec(
            read: { (node, key) throws(ProfileError) in
                let text = try Codec<String>.text.read(node, key)
                guard let choice = choices.first(where: { $0.word == text }) else {
                    throw ProfileError(node.place, .unknownValue(key, allowed: choices.map(\.word)))
                }
                return choice.value
            },
            write: { value in ProfileNode(.text(choices.first { $0.value == value }?.word ?? "")) })
    }
}

extension Codec where Value: RawRepresentable & Equatable, Value.RawValue == String {
    /// One of `values`, by their raw values.
    static func choice(of values: [Value]) -> Codec {
        choice(values.map { ($0.rawValue, $0) })
    }
}

extension Codec {
    /// A list of `element`.
    static func list<Element>(of element: Codec<Element>) -> Codec where Value == [Element] {
        Codec(
            read: { (node, key) throws(ProfileError) in
                guard case .list(let nodes) = node.content else {
                    throw ProfileError(node.place, .wrongType(key, expected: "a list"))
                }
                var elements: [Element] = []
                for node in nodes { elements.append(try element.read(node, key)) }
                return elements
            },
            write: { ProfileNode(.list($0.map(element.write))) })
    }

    /// A mapping whose keys are free; an entry that is null is left out.
    static func pairs<Element, Part>(
        of element: Codec<Part>, make: @escaping (String, Part) -> Element,
        split: @escaping (Element) -> (String, Part), name: @escaping (String) -> ProfileProblem.Reason?
    ) -> Codec where Value == [Element] {
        Codec(
            read: { (node, key) throws(ProfileError) in
                guard case .mapping(let members) = node.content else {
                    throw ProfileError(node.place, .wrongType(key, expected: "a mapping"))
                }
                var pairs: [Element] = []
                for member in members where !member.value.isNull {
                    let key = "\(key).\(member.name)"
                    if let reason = name(member.name) {
                        throw ProfileError(member.place, .badValue(key, reason: reason))
                    }
                    pairs.append(make(member.name, try element.read(member.value, key)))
                }
                return pairs
            },
            write: { pairs in
                ProfileNode(
                    .mapping(
                        pairs.map { pair in
                            let (name, value) = split(pair)
                            let node = element.write(value)
                            return ProfileNode.Member(name: name, place: node.place, value: node)
                        }))
            })
    }
}
