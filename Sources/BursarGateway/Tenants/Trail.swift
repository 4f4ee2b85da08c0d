// Where the last request of a client went, so that the next one finds it in the processor's cache.
internal import BursarCore
internal import Synchronization

/// Addresses of what a request walks through once its client is known. With many tenants none of it is in
/// a cache, and each object would have to come before it is known where the next one is; by this they
/// come all at once (docs/adr/0030). An address is never followed: what was there may have gone, and then
/// fetching it is in vain.
struct Trail: ~Copyable, Sendable {
    private let tenant = Atomic<UInt>(0)
    private let bucket = Atomic<UInt>(0)
    private let connection = Atomic<UInt>(0)
    private let cell = Atomic<UInt>(0)
    private let token = Atomic<UInt>(0)
    private let bytes = Atomic<UInt>(0)

    /// To be called when a request has got its token.
    func leave(_ tenant: TenantEntry, _ connection: ConnectionEntry, _ cell: SlotCell, _ token: Token) {
        Self.note(ObjectIdentifier(tenant), in: self.tenant)
        Self.note(ObjectIdentifier(tenant.bucket), in: bucket)
        Self.note(ObjectIdentifier(connection), in: self.connection)
        Self.note(ObjectIdentifier(cell), in: self.cell)
        Self.note(ObjectIdentifier(token), in: self.token)
        // By way of the object itself its references would be counted, which waits for its memory.
        Self.note(token.access.place, in: bytes)
    }

    /// To be called as soon as there is a next one.
    func fetchAhead() {
        Self.fetch(tenant, lines: 3)
        Self.fetch(bucket, lines: 2)
        Self.fetch(connection, lines: 3)
        Self.fetch(cell, lines: 3)
        Self.fetch(token, lines: 2)
        Self.fetch(bytes, lines: 4)
    }

    private static func note(_ object: ObjectIdentifier, in place: borrowing Atomic<UInt>) {
        let address = UInt(bitPattern: object)
        // Nearly always it is there already, and other threads read this memory as well.
        if place.load(ordering: .relaxed) != address { place.store(address, ordering: .relaxed) }
    }

    private static func fetch(_ place: borrowing Atomic<UInt>, lines: Int) {
        guard let address = UnsafeRawPointer(bitPattern: place.load(ordering: .relaxed)) else { return }
        BursarGateway.fetchAhead(at: address, lines: lines)
    }
}
