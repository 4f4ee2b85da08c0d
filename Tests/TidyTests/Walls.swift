// Who may import what: the walls of docs/ARCHITECTURE.md as a table.

enum Walls {
    /// Everything a target may import. A name that is missing here is a new arrow: think first, then write it
    /// down in docs/adr.
    static let imports: [String: Set<String>] = [
        "BursarCore": ["Glibc"],
        "BursarVault": ["BursarCore", "Crypto", "Foundation", "Synchronization"],
        "BursarGateway": [
            "BursarCore", "BursarVault", "CAllocator", "CProcessor", "Crypto", "DequeModule", "Dispatch",
            "Foundation", "Glibc", "HeapModule", "Logging", "Metrics", "OrderedCollections",
            "ServiceContextModule", "ServiceLifecycle", "Synchronization", "Tracing",
        ],
        "BursarHTTP": [
            "BursarCore", "BursarGateway", "Crypto", "Glibc", "Logging", "Metrics", "NIOCore", "NIOHTTP1",
            "NIOPosix", "NIOSSL", "Prometheus", "ServiceContextModule", "ServiceLifecycle", "Synchronization",
            "Tracing",
        ],
        "BursarLedger": [
            "BursarCore", "Crypto", "Foundation", "Glibc", "Postgres", "Synchronization", "Tracing",
        ],
        "BursarReports": ["BursarCore", "Crypto", "Synchronization"],
        "BursarProviders": [
            "AsyncHTTPClient", "BursarCore", "Foundation", "Glibc", "Logging", "NIOCore", "NIOHTTP1",
            "NIOPosix", "NIOSSL", "Synchronization", "Yams",
        ],
        "Postgres": ["CLibPQ", "Glibc", "Synchronization"],
        "Prometheus": ["CoreMetrics", "Synchronization"],
        "EmbedFilesTool": ["Foundation"],
        "ProviderSimulator": [
            "ArgumentParser", "Crypto", "Darwin", "FoundationEssentials", "Glibc", "HTTPTypes", "Hummingbird",
            "HummingbirdTLS", "JWTKit", "Logging", "Musl", "NIOCore", "NIOSSL", "ServiceLifecycle",
            "Synchronization", "UnixSignals",
        ],
        "bursar": [
            "ArgumentParser", "BursarCore", "BursarGateway", "BursarHTTP", "BursarLedger", "BursarProviders",
            "BursarReports", "BursarVault", "CAllocator", "Crypto", "Foundation", "Glibc", "Logging",
            "Metrics", "NIOCore", "NIOCertificateReloading", "NIOPosix", "NIOSSL", "Postgres", "Prometheus",
            "ServiceLifecycle", "SwiftASN1", "Synchronization", "Tracing", "UnixSignals", "X509", "Yams",
        ],
    ]

    /// Targets without Swift.
    static let withoutSwift: Set<String> = ["CAllocator", "CLibPQ", "CProcessor"]

    static func findings(in file: SourceFile) -> [Finding] {
        guard let allowed = imports[file.target] else {
            return [
                file.finding(1, "the target \(file.target) is not in Tests/TidyTests/Walls.swift: add it")
            ]
        }
        return file.code(/\bimport\b/).compactMap { line, text in
            guard let module = module(text), !allowed.contains(module) else { return nil }
            return file.finding(
                line, "\(file.target) may not import \(module): see the walls in docs/ARCHITECTURE.md")
        }
    }

    private static func module(_ line: String) -> String? {
        let pattern =
            /^\s*(?:@\w+\s+)*(?:\w+\s+)?import\s+(?:(?:struct|class|enum|func|let|protocol)\s+)?(\w+)/
        return line.firstMatch(of: pattern).map { String($0.output.1) }
    }

    // MARK: Core

    /// What Core may not do, because time, randomness and waiting come in as arguments.
    static func impurities(in file: SourceFile) -> [Finding] {
        let rules: [(Regex<Substring>, String)] = [
            (/\bawait\b/, "waits"),
            (/\bTask\b/, "starts or asks a task"),
            (/\bDate\b/, "knows Foundation's Date"),
            (/(?:^|[^f])\.now\b/, "reads a clock"),  // `self.now` is a property
            (/\b(?:ContinuousClock|SuspendingClock|clock_gettime|gettimeofday)\b/, "reads a clock"),
            (/\.random\(|\.randomElement\(|\.shuffled?\(/, "draws randomness"),
            (/RandomNumberGenerator\b|arc4random/, "draws randomness"),
        ]
        return rules.flatMap { pattern, deed in
            file.code(pattern).map { line, _ in
                file.finding(line, "BursarCore \(deed): let the caller pass in what it needs")
            }
        }
    }
}
