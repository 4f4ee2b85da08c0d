// One key of a profile: its name, the property it fills, and how.
internal import BursarCore

/// A row of the schema. Reading, checking for unknown keys, and writing back all go by the same rows.
struct Field<Root> {
    let name: String
    var isRequired = false
    let read: (ProfileNode, String, inout Root) throws(ProfileError) -> Void
    /// Nil: nothing is written.
    let write: (Root) -> ProfileNode?

    /// A key whose default is what `Root` begins with; null, too, leaves it so.
    static func value<Value>(
        _ name: String, _ path: WritableKeyPath<Root, Value>, _ codec: Codec<Value>, required: Bool = false
    ) -> Field {
        Field(
            name: name, isRequired: required,
            read: { (node, key, root) throws(ProfileError) in
                if !node.isNull { root[keyPath: path] = try codec.read(node, key) }
            },
            write: { codec.write($0[keyPath: path]) })
    }

    /// A key that null empties.
    static func optional<Value>(
        _ name: String, _ path: WritableKeyPath<Root, Value?>, _ codec: Codec<Value>
    ) -> Field {
        Field(
            name: name,
            read: { (node, key, root) throws(ProfileError) in
                root[keyPath: path] = try codec.orNull.read(node, key)
            },
            write: { codec.orNull.write($0[keyPath: path]) })
    }

    /// A block that null takes away, and that is not written when it is not there.
    static func block<Value>(
        _ name: String, _ path: WritableKeyPath<Root, Value?>, _ codec: Codec<Value>
    ) -> Field {
        Field(
            name: name, read: optional(name, path, codec).read,
            write: { $0[keyPath: path].map(codec.write) })
    }
}

extension Codec {
    /// A mapping with the keys of `fields` and no other, read into a copy of `initial`.
    static func block(_ initial: Value, _ fields: [Field<Value>]) -> Codec {
        Codec(
            read: { (node, key) throws(ProfileError) in
                guard case .mapping(let members) = node.content else {
                    throw ProfileError(node.place, .wrongType(key, expected: "a mapping"))
                }
                let prefix = key.isEmpty ? "" : key + "."
                for member in members where !fields.contains(where: { $0.name == member.name }) {
                    let nearest = nearestName(to: member.name, among: fields.map(\.name))
                    throw ProfileError(
                        member.place, .unknownKey(prefix + member.name, nearest: nearest.map { prefix + $0 }))
                }
                var value = initial
                for field in fields {
                    let name = prefix + field.name
                    let part = node[field.name]
                    if field.isRequired, part?.isNull ?? true {
                        throw ProfileError(part?.place ?? node.place, .missingKey(name))
                    }
                    if let part { try field.read(part, name, &value) }
                }
                return value
            },
            write: { value in
                ProfileNode(
                    .mapping(
                        fields.compactMap { field in
                            field.write(value).map { .init(name: field.name, place: $0.place, value: $0) }
                        }))
            })
    }
}
