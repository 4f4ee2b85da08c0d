// What processors can do and Swift has no word for.

/// Begins to bring the line of memory at an address into the nearest cache, and waits for nothing. Any address
/// will do.
static inline __attribute__((always_inline)) void cprocessor_prefetch(const void *address) {
    __builtin_prefetch(address);
}
