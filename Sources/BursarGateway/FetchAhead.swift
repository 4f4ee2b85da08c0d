// Memory that will be wanted, asked for before it is.
internal import CProcessor

/// Begins to bring what lies at an address into the processor's cache, in lines of 64 bytes. With many
/// tenants, what a request is about lies in memory that no cache holds, and each object says where the
/// next one is: what is known early is fetched while something else is done.
func fetchAhead(at address: UnsafeRawPointer, lines: Int = 2) {
    for line in 0..<lines { cprocessor_prefetch(address + 64 * line) }
}
