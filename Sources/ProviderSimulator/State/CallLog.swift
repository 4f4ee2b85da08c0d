// The last 100,000 calls, without a secret or a token in them.

/// One call, as the log keeps it. Tokens stand as their SHA-256.
struct CallRecord: Sendable {
    var number: Int64 = 0
    let arrived: Moment
    let provider: Provider
    let endpoint: Endpoint
    let client: ClientID?
    let outcome: Outcome
    /// 0 when no answer was sent.
    let status: Int
    var fault: String?
    var reason: String?
    var token: TokenDigest?
    var refreshToken: TokenDigest?
    var carriedToken: TokenDigest?
    var otherMembers: [String] = []

    /// Members that do not apply are left out.
    var json: JSONValue {
        var object = JSONObject([
            ("n", .integer(number)), ("at_us", .integer(arrived.microseconds)),
            ("provider", .string(provider.rawValue)), ("endpoint", .string(endpoint.rawValue)),
        ])
        object["client_id"] = client.map { .string($0.text) }
        object["outcome"] = .string(outcome.rawValue)
        object["status"] = status == 0 ? nil : .integer(status)
        object["fault"] = fault.map { .string($0) }
        object["reason"] = reason.map { .string($0) }
        object["token_sha256"] = token.map { .string($0.hex) }
        object["refresh_token_sha256"] = refreshToken.map { .string($0.hex) }
        object["carried_token_sha256"] = carriedToken.map { .string($0.hex) }
        if !otherMembers.isEmpty {
            object["other_members"] = .array(otherMembers.map { .string($0) })
        }
        return .object(object)
    }
}

/// A ring of records. Numbers start at 1 and go on over a reset.
struct CallLog: Sendable {
    static let capacity = 100_000

    private var records: [CallRecord] = []
    private var lastNumber: Int64 = 0

    mutating func append(_ record: CallRecord) {
        var record = record
        lastNumber += 1
        record.number = lastNumber
        if records.count < Self.capacity {
            records.append(record)
        } else {
            records[Int((lastNumber - firstSlotNumber) % Int64(Self.capacity))] = record
        }
    }

    mutating func clear() {
        records = []
        firstSlotNumber = lastNumber + 1
    }

    /// The number of the record that was first put into slot 0.
    private var firstSlotNumber: Int64 = 1

    /// Records with a number above `number`, oldest first.
    func since(_ number: Int64) -> [CallRecord] {
        let oldest = max(lastNumber - Int64(records.count) + 1, number + 1)
        guard oldest <= lastNumber else { return [] }
        return (oldest...lastNumber).map { records[Int(($0 - firstSlotNumber) % Int64(Self.capacity))] }
    }
}
