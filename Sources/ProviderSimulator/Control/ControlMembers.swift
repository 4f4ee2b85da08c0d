// Reads the JSON of a control call member by member, and refuses what nobody asked for.

/// Why a control call is refused; the text goes to the caller.
struct ControlRefusal: Error {
    let status: Int
    let message: String

    init(_ message: String, status: Int = 400) {
        self.status = status
        self.message = message
    }
}

/// The members of a control call. `finish` refuses those that nobody asked for and names those that exist.
struct ControlMembers {
    private let object: JSONObject
    private var asked: [String] = []

    init(_ body: [UInt8]) throws(ControlRefusal) {
        do {
            guard case .object(let object) = try JSONParser.parse(body) else {
                throw ControlRefusal("the body must be a JSON object")
            }
            self.object = object
        } catch let error as JSONSyntaxError {
            throw ControlRefusal("the body is not JSON: \(error.problem) at byte \(error.offset)")
        } catch let error as ControlRefusal {
            throw error
        } catch {
            throw ControlRefusal("the body is not JSON")
        }
    }

    init(_ object: JSONObject) {
        self.object = object
    }

    func finish() throws(ControlRefusal) {
        let unknown = object.members.map(\.name).filter { !asked.contains($0) }
        guard unknown.isEmpty else {
            let names = unknown.joined(separator: ", ")
            throw ControlRefusal("unknown: \(names); the members here are: \(asked.joined(separator: ", "))")
        }
    }

    mutating func optionalValue(_ name: String) throws(ControlRefusal) -> JSONValue? {
        asked.append(name)
        return object[name]
    }

    mutating func value(_ name: String) throws(ControlRefusal) -> JSONValue {
        guard let value = try optionalValue(name) else { throw ControlRefusal("\(name) is missing") }
        return value
    }

    /// A string, or a number as it is written.
    mutating func optionalText(_ name: String) throws(ControlRefusal) -> String? {
        switch try optionalValue(name) {
        case nil: return nil
        case .string(let text): return text
        case .number(let literal): return literal
        case .null, .bool, .array, .object: throw ControlRefusal("\(name) must be a string")
        }
    }

    mutating func text(_ name: String) throws(ControlRefusal) -> String {
        guard let text = try optionalText(name), !text.isEmpty else {
            throw ControlRefusal("\(name) is missing or empty")
        }
        return text
    }

    mutating func optionalInteger(_ name: String, in range: ClosedRange<Int64>) throws(ControlRefusal)
        -> Int64?
    {
        guard let value = try optionalValue(name) else { return nil }
        guard case .number(let literal) = value, let number = Int64(literal), range.contains(number) else {
            throw ControlRefusal("\(name) must be an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(ControlRefusal) -> Int64 {
        guard let number = try optionalInteger(name, in: range) else {
            throw ControlRefusal("\(name) is missing")
        }
        return number
    }

    mutating func flag(_ name: String) throws(ControlRefusal) -> Bool {
        switch try optionalValue(name) {
        case nil: return false
        case .bool(let value): return value
        case .null, .number, .string, .array, .object: throw ControlRefusal("\(name) must be true or false")
        }
    }

    /// Milliseconds, at most an hour of them; fractions are allowed.
    mutating func milliseconds(_ name: String) throws(ControlRefusal) -> Duration {
        guard case .number(let literal) = try value(name), let number = Double(literal),
            (0...3_600_000).contains(number)
        else {
            throw ControlRefusal("\(name) must be a number from 0 to 3600000")
        }
        return .microseconds(Int64(number * 1000))
    }

    mutating func provider() throws(ControlRefusal) -> Provider {
        try Provider.named(try text("provider"))
    }
}

extension Provider {
    static func named(_ name: String) throws(ControlRefusal) -> Provider {
        guard let provider = Provider(rawValue: name) else {
            let names = Provider.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlRefusal("unknown provider; the providers are: \(names)")
        }
        return provider
    }
}
