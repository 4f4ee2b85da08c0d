// Whether a provider rejects everyone: then the credentials are not at fault.

/// The decisions about one host (docs/adr/0019): what it said last of each credential.
package struct MassRejection: Sendable {
    package enum Change: Hashable, Sendable {
        case began, ended
    }

    private struct Word {
        let at: Instant
        let rejects: Bool
    }

    /// It takes this many credentials, and at least half of those that were judged in `window`.
    package static let fewest = 5
    package static let window: Duration = .seconds(60)
    /// While it lasts a word is kept longer: that nobody asks for a minute does not mean that it has ended.
    package static let memory: Duration = .seconds(900)

    /// The last word on each credential.
    private var words: [CredentialID: Word] = [:]
    private var rejected = 0
    private var forgetAt = Instant(microseconds: 0)
    package private(set) var isUnderWay = false
    /// Those whose rejection belongs to it: their quarantine is the provider's doing.
    package private(set) var suspects: Set<CredentialID> = []
    /// Those of the last one, until somebody has taken them.
    private var former: Set<CredentialID> = []

    package init() {}

    /// Whom to pardon: also those of a mass rejection that ended before anybody asked.
    package mutating func takeSuspects() -> Set<CredentialID> {
        defer { former = [] }
        return suspects.union(former)
    }

    /// The provider has judged a credential.
    package mutating func note(_ credential: CredentialID, isRejected: Bool, now: Instant) -> Change? {
        // Once a second is enough: to go through all words for each would take too long with many.
        if now >= forgetAt { forget(now) }
        set(Word(at: now, rejects: isRejected), of: credential)
        if isUnderWay {
            if isRejected { suspects.insert(credential) } else { suspects.remove(credential) }
        }
        return judge()
    }

    /// Time has passed.
    package mutating func look(now: Instant) -> Change? {
        forget(now)
        return judge()
    }

    private mutating func judge() -> Change? {
        let isMass = rejected >= Self.fewest && rejected * 2 >= words.count
        guard isMass != isUnderWay else { return nil }
        isUnderWay = isMass
        if !isMass { former.formUnion(suspects) }
        suspects = isMass ? Set(words.filter(\.value.rejects).keys) : []
        return isMass ? .began : .ended
    }

    private mutating func forget(_ now: Instant) {
        forgetAt = now + .seconds(1)
        let longest = isUnderWay ? Self.memory : Self.window
        for (credential, word) in words where now - word.at > longest { set(nil, of: credential) }
    }

    private mutating func set(_ word: Word?, of credential: CredentialID) {
        if words[credential]?.rejects == true { rejected -= 1 }
        if word?.rejects == true { rejected += 1 }
        words[credential] = word
    }
}
