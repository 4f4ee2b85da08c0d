// Which thread this is, for whatever is kept apart by threads.
internal import Glibc
internal import Synchronization

/// A small number for each thread, given once: neighbours get different lanes.
enum ThreadNumber {
    private static let next = Atomic<Int>(1)
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    static var current: Int {
        if let known = pthread_getspecific(key) { return Int(bitPattern: known) }
        let number = next.add(1, ordering: .relaxed).newValue
        pthread_setspecific(key, UnsafeRawPointer(bitPattern: number))
        return number
    }
}
