// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// A library of Debian's that Swift sees through a module map of ours.
func library(_ name: String, pkgConfig: String, package: String) -> Target {
    .systemLibrary(
        name: name,
        path: "Sources/System/\(name)",
        pkgConfig: pkgConfig,
        providers: [.apt([package])]
    )
}

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// Whether only what a sanitizer looks at is built: see `Tests/sanitize`.
let isSanitized = Context.environment["SLUICE_SANITIZE"] != nil

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "sluice",
    products: [.executable(name: "sluice", targets: ["sluice"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/CoreOffice/XMLCoder", exact: "0.18.2"),
    ],
    targets: [
        library("CCurl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
        library("CCrypto", pkgConfig: "libcrypto", package: "libssl-dev"),
        library("CJSON", pkgConfig: "json-c", package: "libjson-c-dev"),
        library("CPostgres", pkgConfig: "libpq", package: "libpq-dev"),

        room("Native", ["CCurl", "CCrypto", "CJSON", "CPostgres"]),
        room("AWS", ["Native", "XMLCoder"]),
        room("Promotion", []),
        room("Ledger", ["Native", "Promotion", .product(name: "GRDB", package: "GRDB.swift")]),
        room("Worker", ["AWS", "Ledger", "Native", "Promotion", "Yams", logging, lifecycle, signals]),
        .executableTarget(
            name: "sluice",
            dependencies: [
                "AWS", "Ledger", "Native", "Promotion", "Worker", logging, lifecycle,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // What several rooms' tests use: a server process, programs, chance. No product depends on it.
        .target(
            name: "TestTools",
            dependencies: ["Native"],
            path: "Tests/tools/TestTools",
            swiftSettings: strict
        ),
        // The worker under simulation, for tests and for a program that plays more seeds; no product has it.
        .target(
            name: "Simulation",
            dependencies: [
                "AWS", "Ledger", "Native", "Promotion", "TestTools", "Worker", logging,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            path: "Tests/Simulation",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "simulate",
            dependencies: ["Simulation"],
            path: "Tests/tools/Simulate",
            swiftSettings: strict
        ),
        tests("SimulationTests", ["Simulation"]),
        tests("NativeTests", ["Native", "TestTools"]),
        tests(
            "AWSTests",
            ["AWS", "Native", "TestTools"],
            resources: [.copy("sigv4-vectors.json")]
        ),
        tests("PromotionTests", ["Promotion", "TestTools"]),
        tests("LedgerTests", ["Ledger", "Native", "Promotion", "TestTools"]),
        tests("WorkerTests", ["AWS", "Ledger", "Native", "Promotion", "TestTools", "Worker", lifecycle]),
        tests("RepositoryTests", ["Native"]),
    ] + (isSanitized ? [] : [tests("EndToEndTests", ["Native"])])
)
