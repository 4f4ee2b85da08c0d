// Counts and events as bytes of a fixed size.
internal import BursarCore

/// What a page and a frame are made of: records on a stride of 64 bytes, so that reading goes on behind a
/// damaged one. Numbers are little-endian. Enumerations are numbered by their `allCases`: append, never
/// reorder.
///
///     count (128 bytes)                            event (192 bytes)
///       0  check over the rest but the count         0  check over the rest
///       8  1, meter, environment, lengths            8  2, cause, step, environment, lengths, what is there
///      16  minute                                   16  at (µs)
///      24  tenant                                   24  id, owner, tenant, credential
///      40  count, and a check of its own            88  latency (µs), lifetime (µs), HTTP status
///      56  client (24), provider (32)              112  provider (32), failure (32)
///
/// A check of 0 is a record that was not finished: its answer was never sent.
enum JournalRecord: Hashable {
    case count(UsageCount)
    case event(RefreshEvent)

    static let stride = 64
    static let countSize = 128
    static let eventSize = 192

    /// The size of a record by its kind; nil for no kind.
    static func size(kind: UInt8) -> Int? {
        switch kind {
        case 1: countSize
        case 2: eventSize
        default: nil
        }
    }

    // MARK: Writing

    /// Writes everything but the check into zeroed bytes.
    func write(to bytes: UnsafeMutableRawBufferPointer) {
        switch self {
        case .count(let count): Self.write(count.count, of: count.key, minute: count.minute, to: bytes)
        case .event(let event): Self.write(event, to: bytes)
        }
    }

    /// The same of a count that is not put together yet.
    static func write(
        _ count: Int64, of key: UsageKey, minute: Int64, to bytes: UnsafeMutableRawBufferPointer
    ) {
        bytes[8] = 1
        bytes[9] = UInt8(key.meter.index)
        bytes[10] = number(key.environment)
        if let client = key.client {
            client.copy(to: UnsafeMutableRawBufferPointer(rebasing: bytes[56..<80]))
            bytes[11] = UInt8(ClientID.count)
        }
        bytes[12] = put(key.provider?.text, at: 80, limit: 32, in: bytes)
        bytes[13] = key.tenant == nil ? 0 : 1
        bytes.storeBytes(of: minute.littleEndian, toByteOffset: 16, as: Int64.self)
        put(key.tenant?.uuid, at: 24, in: bytes)
        bytes.storeBytes(of: count.littleEndian, toByteOffset: 40, as: Int64.self)
    }

    private static func write(_ event: RefreshEvent, to bytes: UnsafeMutableRawBufferPointer) {
        bytes[8] = 2
        bytes[9] = UInt8(RefreshEvent.Cause.allCases.firstIndex(of: event.cause) ?? 0)
        bytes[10] = UInt8(RefreshEvent.Step.allCases.firstIndex(of: event.step) ?? 0)
        bytes[11] = number(event.environment)
        bytes[12] = put(event.provider.text, at: 112, limit: 32, in: bytes)
        bytes[13] = put(event.failure?.rawValue, at: 144, limit: 32, in: bytes)
        bytes[14] =
            (event.tenant == nil ? 0 : 1) | (event.status == nil ? 0 : 2) | (event.lifetime == nil ? 0 : 4)
        bytes.storeBytes(of: event.at.microseconds.littleEndian, toByteOffset: 16, as: Int64.self)
        put(event.id, at: 24, in: bytes)
        put(event.owner.uuid, at: 40, in: bytes)
        put(event.tenant?.uuid, at: 56, in: bytes)
        put(event.credential.uuid, at: 72, in: bytes)
        bytes.storeBytes(of: event.latency.microseconds.littleEndian, toByteOffset: 88, as: Int64.self)
        let lifetime = event.lifetime?.microseconds ?? 0
        bytes.storeBytes(of: lifetime.littleEndian, toByteOffset: 96, as: Int64.self)
        bytes.storeBytes(
            of: Int32(clamping: event.status ?? 0).littleEndian, toByteOffset: 104, as: Int32.self)
    }

    private static func put(_ uuid: UUIDValue?, at offset: Int, in bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: (uuid?.high ?? 0).littleEndian, toByteOffset: offset, as: UInt64.self)
        bytes.storeBytes(of: (uuid?.low ?? 0).littleEndian, toByteOffset: offset + 8, as: UInt64.self)
    }

    /// Answers the length; ids are never longer than their room.
    private static func put(
        _ text: String?, at offset: Int, limit: Int, in bytes: UnsafeMutableRawBufferPointer
    ) -> UInt8 {
        guard let text else { return 0 }
        return text.withBytes { text in
            let length = min(text.count, limit)
            bytes[offset..<offset + length].copyBytes(from: text[..<length])
            return UInt8(length)
        }
    }

    private static func number(_ environment: ProviderEnvironment?) -> UInt8 {
        switch environment {
        case nil: 0
        case .sandbox: 1
        case .production: 2
        }
    }

    // MARK: Reading

    /// Nil when the bytes are no record that this program can make.
    init?(_ bytes: UnsafeRawBufferPointer) {
        switch bytes[8] {
        case 1:
            guard let count = Self.count(bytes) else { return nil }
            self = .count(count)
        case 2:
            guard let event = Self.event(bytes) else { return nil }
            self = .event(event)
        default: return nil
        }
    }

    private static func count(_ bytes: UnsafeRawBufferPointer) -> UsageCount? {
        guard Int(bytes[9]) < Meter.allCases.count, let environment = environment(bytes[10]),
            bytes[11] <= 24, bytes[12] <= 32
        else { return nil }
        let client = UnsafeRawBufferPointer(rebasing: bytes[56..<56 + Int(bytes[11])])
        let provider = text(bytes, at: 80, length: bytes[12])
        let key = UsageKey(
            tenant: bytes[13] == 0 ? nil : TenantID(uuid(bytes, at: 24)),
            client: client.isEmpty ? nil : ClientID(client),
            provider: provider.flatMap(ProviderID.init), environment: environment,
            meter: Meter.allCases[Int(bytes[9])])
        guard (key.client == nil) == client.isEmpty, (key.provider == nil) == (provider == nil) else {
            return nil
        }
        return UsageCount(key: key, minute: number(bytes, at: 16), count: number(bytes, at: 40))
    }

    private static func event(_ bytes: UnsafeRawBufferPointer) -> RefreshEvent? {
        guard Int(bytes[9]) < RefreshEvent.Cause.allCases.count,
            Int(bytes[10]) < RefreshEvent.Step.allCases.count,
            case .some(.some(let environment)) = environment(bytes[11]), bytes[12] <= 32, bytes[13] <= 32,
            let provider = text(bytes, at: 112, length: bytes[12]).flatMap(ProviderID.init)
        else { return nil }
        let failure = text(bytes, at: 144, length: bytes[13])
        let reason = failure.flatMap(FailureReason.init(rawValue:))
        guard (failure == nil) == (reason == nil) else { return nil }
        let has = bytes[14]
        return RefreshEvent(
            id: uuid(bytes, at: 24), at: Instant(microseconds: number(bytes, at: 16)),
            owner: OwnerID(uuid(bytes, at: 40)), tenant: has & 1 == 0 ? nil : TenantID(uuid(bytes, at: 56)),
            provider: provider, environment: environment, credential: CredentialID(uuid(bytes, at: 72)),
            cause: RefreshEvent.Cause.allCases[Int(bytes[9])],
            step: RefreshEvent.Step.allCases[Int(bytes[10])],
            failure: reason,
            status: has & 2 == 0
                ? nil : Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 104, as: Int32.self))),
            latency: .microseconds(number(bytes, at: 88)),
            lifetime: has & 4 == 0 ? nil : .microseconds(number(bytes, at: 96)))
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int64 {
        Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    }

    private static func uuid(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UUIDValue {
        UUIDValue(
            high: UInt64(bitPattern: number(bytes, at: offset)),
            low: UInt64(bitPattern: number(bytes, at: offset + 8)))
    }

    private static func text(_ bytes: UnsafeRawBufferPointer, at offset: Int, length: UInt8) -> String? {
        length == 0 ? nil : String(decoding: bytes[offset..<offset + Int(length)], as: UTF8.self)
    }

    /// The outer nil is no environment's number.
    private static func environment(_ number: UInt8) -> ProviderEnvironment?? {
        switch number {
        case 0: .some(nil)
        case 1: .some(.sandbox)
        case 2: .some(.production)
        default: nil
        }
    }

    // MARK: Checks

    static func isCount(_ record: UnsafeRawBufferPointer) -> Bool { record[8] == 1 }

    /// Whether two counts are of the same key and minute: all but the checks and the number.
    static func countsSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        func differ(at word: Int) -> UInt64 {
            left.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)
                ^ right.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)
        }
        var difference = differ(at: 1) | differ(at: 2) | differ(at: 3) | differ(at: 4)
        for word in 7..<countSize / 8 { difference |= differ(at: word) }
        return difference == 0
    }

    /// Differs between counts that are not the same, mostly.
    static func spread(ofCount record: UnsafeRawBufferPointer) -> UInt64 {
        [1, 2, 3, 4, 7, 8, 9].reduce(0) { spread, word in
            mixed(spread, record.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self))
        }
    }

    /// The number that a count stands at.
    static func number(ofCount record: UnsafeRawBufferPointer) -> Int64 { number(record, at: 40) }

    /// Where a count has the check of its number.
    static let ownCheckOffset = 48

    /// Whether a record of a page is whole: as it was written, but for a number that had its second store
    /// still to come when the process was killed.
    static func isIntact(_ record: UnsafeRawBufferPointer, salt: UInt64) -> Bool {
        let check = UInt64(littleEndian: record.loadUnaligned(as: UInt64.self))
        guard check != 0, check == Self.check(record, salt: salt) else { return false }
        guard isCount(record) else { return true }
        let count = number(ofCount: record)
        let own = UInt64(littleEndian: record.loadUnaligned(fromByteOffset: ownCheckOffset, as: UInt64.self))
        return count > 0
            && (own == Self.check(ofCount: count, in: check)
                || own == Self.check(ofCount: count - 1, in: check))
    }

    /// Over everything but the check itself and, in a count, the count: what may change goes by its own
    /// check. `salt` tells the page and its use apart. Never 0.
    static func check(_ bytes: UnsafeRawBufferPointer, salt: UInt64) -> UInt64 {
        let isCount = isCount(bytes)
        var check = salt
        // In a count, words 5 and 6 are the number and the check of that.
        for word in 1..<bytes.count / 8 where !(isCount && (word == 5 || word == 6)) {
            check = mixed(
                check, UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self)))
        }
        return check == 0 ? 1 : check
    }

    /// Every bit of either changes each bit of the outcome with even chances (the last step of MurmurHash3):
    /// against torn and stale memory, which nobody has forged. A cryptographic hash would cost more than
    /// all the rest of a count.
    static func mixed(_ check: UInt64, _ word: UInt64) -> UInt64 {
        var mixed = check ^ word
        mixed = (mixed ^ mixed >> 33) &* 0xff51_afd7_ed55_8ccd
        mixed = (mixed ^ mixed >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return mixed ^ mixed >> 33
    }

    /// The check of a count within the record of `check`.
    static func check(ofCount count: Int64, in check: UInt64) -> UInt64 {
        (UInt64(bitPattern: count) &* 0x9e37_79b9_7f4a_7c15) ^ check
    }
}
