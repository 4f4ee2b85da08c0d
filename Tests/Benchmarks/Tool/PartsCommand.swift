// Single parts of the way of a token, each by itself: where a change of one of them shows first.
import ArgumentParser
import BursarCore
import BursarGateway
import BursarTestSupport
import BursarVault

/// Prints a line of JSON for each part: its name, and nanoseconds for one call, once for each repetition.
struct PartsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parts",
        abstract: "Time single parts: a whole request, secrets, limit, slot, journal, sealing.")

    @Option var keyring: String
    @Option var repeats = 7
    @Option(help: "Seconds of one repetition.") var seconds = 0.2

    func run() throws {
        let vault = Vault(try Keyring.load(path: keyring))
        try timeRequests()
        try timeSecrets(vault)
        try timeDecisions()
        try timeJournal()
        try timeSealing(vault)
    }

    private func timeRequests() throws {
        let bench = try RequestBench()
        for (name, request) in [("GET", bench.get), ("POST with Basic", bench.post)] {
            try bench.answers(to: request, RequestBench.check)
            time("\(name): decoder to answer", calls: RequestBench.connections) {
                try? bench.answers(to: request) { keep($0) }
            }
        }
    }

    private func timeSecrets(_ vault: Vault) throws {
        let pepper = try vault.makeDataKey(owner: Vault.pepperOwner, version: 1)
        let hasher = try vault.clientSecretHasher(pepper: pepper)
        let presented = Vault.makeClient().secret.withBytes { PresentedText($0) }
        time("client secret: checksum") { presented.withBytes { ClientSecretFormat.isWellFormed($0) } }
        time("client secret: keyed hash") { presented.withBytes { hasher.hash($0) } }
    }

    private func timeDecisions() throws {
        var now = Self.start
        var bucket = ShareBucket(.standard, share: .whole, now: now)
        time("limit: one answer") {
            now = now + .microseconds(1)
            return bucket.spend(now: now).isNoticed
        }

        let token = Token(
            access: Self.access, issuedAt: now, expiresAt: now + .seconds(31_536_000),
            generation: Generation(1), jitter: 0, refresh: nil)
        var slot = TokenSlot()
        if case .wait(let flight?) = slot.request(
            TokenDemand(), waiter: WaiterID(1), now: now, budget: .seconds(10))
        {
            _ = slot.land(flight.id, with: token, from: .provider, now: now)
        }
        guard slot.hit(TokenDemand(), now: now) != nil else { throw ValidationError("the slot has no token") }
        time("slot: a hit") { slot.hit(TokenDemand(), now: now) }
    }

    /// Counting in mapped memory, and the seal of what was counted: a frame in a file.
    private func timeJournal() throws {
        let folders = JournalFolders()
        let journal = try UsageJournal(
            directory: folders.make(), boot: ReplicaID(UUIDValue(high: 1, low: 1)),
            limits: JournalLimits(lanes: 1), made: UUIDValue(high: 2, low: 2), now: Self.start)
        let keys = (0..<100).map { number in
            UsageKey(tenant: TenantID(UUIDValue(high: 3, low: number)), outcome: .answeredFromMemory)
        }
        var number = 0
        time("journal: one count, of 100 tenants") {
            number = (number + 1) % keys.count
            journal.count(keys[number], minute: 30_000_000)
        }
        time("journal: 100 counts and their seal") {
            for key in keys { journal.count(key, minute: 30_000_000) }
            return journal.seal(now: Self.start)
        }
    }

    private func timeSealing(_ vault: Vault) throws {
        let owner = OwnerID(UUIDValue(high: 1, low: 2))
        let key = try vault.makeDataKey(owner: owner, version: 1)
        let place = SealedPlace(
            table: "token_slot", column: "access_token", owner: owner, provider: nil, row: "row", version: 1)
        let sealed = try vault.seal(Self.access, with: key, at: place)
        time("token of 1 KB: seal") { try? vault.seal(Self.access, with: key, at: place) }
        time("token of 1 KB: open") { try? vault.open(sealed, with: [key], at: place) }
    }

    private static let start = Instant(microseconds: 1_800_000_000_000_000)
    private static let access = Secret(Array(repeating: UInt8(ascii: "t"), count: 1_024))

    /// - Parameter calls: how many of what is named one call of `body` does.
    private func time<R>(_ name: String, calls: Int = 1, _ body: () -> R) {
        let values = (0..<repeats).map { _ in
            (nanoseconds(body) / Double(calls) * 10).rounded() / 10
        }
        print("{\"name\": \"\(name)\", \"nanoseconds\": \(values)}")
    }

    /// In growing batches, so that looking at the clock costs nothing.
    private func nanoseconds<R>(_ body: () -> R) -> Double {
        let clock = ContinuousClock()
        var (calls, batch) = (0, 1)
        let began = clock.now
        while clock.now - began < .seconds(seconds) {
            for _ in 0..<batch { keep(body()) }
            calls += batch
            batch = min(batch * 2, 65_536)
        }
        let took = (clock.now - began) / .nanoseconds(1)
        return took / Double(calls)
    }
}

/// What is computed must not be left out because nobody looks at it.
@inline(never)
private func keep<R>(_ value: R) { withExtendedLifetime(value) {} }
