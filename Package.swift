// swift-tools-version: 6.2
import PackageDescription

// The walls of the house: docs/ARCHITECTURE.md says what lives behind each and which may know which.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

func product(_ name: String, _ package: String) -> Target.Dependency {
    .product(name: name, package: package)
}

let deque = product("DequeModule", "swift-collections")
let heap = product("HeapModule", "swift-collections")
let ordered = product("OrderedCollections", "swift-collections")
let asn1 = product("SwiftASN1", "swift-asn1")
let crypto = product("Crypto", "swift-crypto")
let httpClient = product("AsyncHTTPClient", "async-http-client")
let lifecycle = product("ServiceLifecycle", "swift-service-lifecycle")
let log = product("Logging", "swift-log")
let metrics = product("Metrics", "swift-metrics")
let nioCore = product("NIOCore", "swift-nio")
let nioHTTP1 = product("NIOHTTP1", "swift-nio")
let nioPosix = product("NIOPosix", "swift-nio")
let nioSSL = product("NIOSSL", "swift-nio-ssl")
let inMemoryTracing = product("InMemoryTracing", "swift-distributed-tracing")
let serviceContext = product("ServiceContextModule", "swift-service-context")
let tracing = product("Tracing", "swift-distributed-tracing")
let unixSignals = product("UnixSignals", "swift-service-lifecycle")
let x509 = product("X509", "swift-certificates")
let yams = product("Yams", "Yams")

func library(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
    plugins: [Target.PluginUsage] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings, plugins: plugins)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let package = Package(
    name: "bursar",
    products: [
        .executable(name: "bursar", targets: ["bursar"]),
        .executable(name: "provider-simulator", targets: ["ProviderSimulator"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-service-context", from: "1.5.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        library("Postgres", ["CLibPQ"]),
        .systemLibrary(name: "CAllocator"),
        .systemLibrary(name: "CProcessor"),
        library("BursarCore", []),
        library("BursarVault", ["BursarCore", crypto]),
        library(
            "BursarGateway",
            [
                "BursarCore", "BursarVault", "CAllocator", "CProcessor", crypto, deque, heap, lifecycle, log,
                metrics, ordered, serviceContext, tracing,
            ]),
        library("BursarReports", ["BursarCore", crypto]),
        library("BursarLedger", ["BursarCore", "Postgres", crypto, tracing], plugins: ["EmbedFiles"]),
        library(
            "BursarProviders", ["BursarCore", httpClient, log, nioCore, nioPosix, nioHTTP1, nioSSL, yams],
            exclude: ["Profiles"], plugins: ["EmbedFiles"]),
        library(
            "BursarHTTP",
            [
                "BursarCore", "BursarGateway", "Prometheus", crypto, lifecycle, log, metrics, nioCore,
                nioHTTP1, nioPosix, nioSSL, serviceContext, tracing,
            ], exclude: ["openapi.json"], plugins: ["EmbedFiles"]),
        .plugin(name: "EmbedFiles", capability: .buildTool(), dependencies: ["EmbedFilesTool"]),
        .executableTarget(name: "EmbedFilesTool", swiftSettings: settings),
        library("Prometheus", [product("CoreMetrics", "swift-metrics")]),
        .executableTarget(
            name: "bursar",
            dependencies: [
                "BursarCore", "BursarGateway", "BursarHTTP", "BursarLedger", "BursarProviders",
                "BursarReports", "BursarVault", "CAllocator", "Postgres", "Prometheus",
                product("ArgumentParser", "swift-argument-parser"), asn1, crypto, lifecycle, log, metrics,
                product("NIOCertificateReloading", "swift-nio-extras"), nioCore, nioPosix, nioSSL,
                tracing, unixSignals, x509, yams,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "ProviderSimulator",
            dependencies: [
                product("ArgumentParser", "swift-argument-parser"), crypto,
                product("Hummingbird", "hummingbird"), product("HummingbirdTLS", "hummingbird"),
                product("HTTPTypes", "swift-http-types"), product("JWTKit", "jwt-kit"), lifecycle, log,
                nioCore, nioSSL, unixSignals,
            ],
            swiftSettings: settings),
        tests("BursarCoreTests", ["BursarCore", "BursarTestSupport"]),
        tests("BursarVaultTests", ["BursarCore", "BursarTestSupport", "BursarVault", crypto]),
        tests(
            "BursarGatewayTests",
            [
                "BursarCore", "BursarGateway", "BursarTestSupport", "BursarVault", "StoreTrials",
                lifecycle, log, product("MetricsTestKit", "swift-metrics"), inMemoryTracing, tracing,
            ]),
        tests("PrometheusTests", ["Prometheus", product("CoreMetrics", "swift-metrics")]),
        tests("PostgresTests", ["Postgres"]),
        .target(
            name: "BursarTestSupport",
            dependencies: [
                "BursarCore", "BursarGateway", "BursarLedger", "BursarVault", "Postgres", asn1, crypto,
                lifecycle, log, metrics, nioSSL, tracing, x509,
            ],
            path: "Tests/BursarTestSupport", swiftSettings: settings),
        .target(
            name: "StoreTrials", dependencies: ["BursarCore"],
            path: "Tests/StoreTrials", swiftSettings: settings),
        tests(
            "BursarLedgerTests",
            [
                "BursarCore", "BursarLedger", "BursarTestSupport", "BursarVault", "Postgres", "StoreTrials",
                inMemoryTracing, tracing,
            ]),
        tests(
            "BursarProvidersTests",
            [
                "BursarCore", "BursarProviders", "BursarTestSupport", log, nioCore, nioPosix, nioSSL,
            ], exclude: ["Fixtures"]),
        tests(
            "BursarHTTPTests",
            [
                "BursarCore", "BursarGateway", "BursarHTTP", "BursarTestSupport", inMemoryTracing, lifecycle,
                log, metrics, nioCore, product("NIOEmbedded", "swift-nio"), nioHTTP1, nioPosix, nioSSL,
                tracing,
            ]),
        tests("BursarReportsTests", ["BursarCore", "BursarReports", crypto], exclude: ["Browser"]),
        tests("TidyTests", []),
        .executableTarget(
            name: "BenchmarkTool",
            dependencies: [
                "BursarCore", "BursarGateway", "BursarHTTP", "BursarProviders", "BursarTestSupport",
                "BursarVault", "Prometheus", product("ArgumentParser", "swift-argument-parser"), crypto, log,
                metrics, nioCore, product("NIOEmbedded", "swift-nio"), nioHTTP1, nioPosix,
            ],
            path: "Tests/Benchmarks/Tool", swiftSettings: settings),
        tests(
            "EndToEndTests",
            [
                "BursarCore", "BursarLedger", "BursarTestSupport", "BursarVault", "Postgres",
                "ProviderSimulator", "bursar", crypto, httpClient, nioCore,
                nioHTTP1,
                nioPosix, nioSSL, product("NIOFoundationCompat", "swift-nio"),
            ], exclude: ["Clients"]),
    ],
    swiftLanguageModes: [.v6]
)
