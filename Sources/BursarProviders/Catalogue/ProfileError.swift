// What is wrong with a profile file, and where.

/// Printed as `file:line: problem`, the form that editors jump to.
package struct ProfileError: Error, Equatable, Sendable, CustomStringConvertible {
    package let place: ProfilePlace
    package let problem: ProfileProblem

    init(_ place: ProfilePlace, _ problem: ProfileProblem) {
        self.place = place
        self.problem = problem
    }

    package var description: String { "\(place): \(problem)" }
}

/// A file and a line of it.
package struct ProfilePlace: Equatable, Sendable, CustomStringConvertible {
    package let file: String
    /// From 1; nil where the file as a whole is meant.
    package let line: Int?

    package var description: String { line.map { "\(file):\($0)" } ?? file }
}

/// Keys stand as `token.body`. Values are not repeated: a header or parameter may be a secret put in the
/// wrong place.
package enum ProfileProblem: Equatable, Sendable {
    case unreadable
    case syntax(String)
    case tooLarge
    case unknownKey(String, nearest: String?)
    case duplicateKey(String)
    case missingKey(String)
    case wrongType(String, expected: String)
    case unknownValue(String, allowed: [String])
    case outOfBounds(String, bounds: String)
    case badValue(String, reason: String)
    case plainHTTP(String)
    case nameTakenTwice(String)
    case idNotFileName(id: String, file: String)
    case idTakenTwice(String, other: String)
}

extension ProfileProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable: "cannot be read"
        case .syntax(let text): "not YAML: \(text)"
        case .tooLarge: "larger or deeper than any profile needs to be"
        case .unknownKey(let key, let nearest):
            "unknown key '\(key)'" + (nearest.map { "; the nearest known key is '\($0)'" } ?? "")
        case .duplicateKey(let key): "'\(key)' stands twice"
        case .missingKey(let key): "'\(key)' is missing"
        case .wrongType(let key, let expected): "'\(key)' must be \(expected)"
        case .unknownValue(let key, let allowed):
            "'\(key)' must be one of \(allowed.joined(separator: ", "))"
        case .outOfBounds(let key, let bounds): "'\(key)' must lie within \(bounds)"
        case .badValue(let key, let reason): "'\(key)' \(reason)"
        case .plainHTTP(let key):
            "'\(key)' must begin with https:// (http:// is for loopback hosts, where provider networks are "
                + "set to loopback-too)"
        case .nameTakenTwice(let name): "'\(name)' would be sent twice; see fields and parameters"
        case .idNotFileName(let id, let file):
            "the file is named after the profile '\(file)' but says id '\(id)'"
        case .idTakenTwice(let id, let other): "'\(id)' is the id in \(other) too"
        }
    }
}
