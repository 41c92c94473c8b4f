// swift-tools-version: 6.2
import PackageDescription

// The house, from the bottom up. Arrows of import point down only: bindings, core, shells,
// composition, executables. `ArchitectureTests` holds this file and the import lines against
// the same table (Docs/Architecture.md draws it).

/// What every Swift target is built with.
let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

/// The core besides: every unsafe expression is marked, so that a review sees it.
let core: [SwiftSetting] = house + [.strictMemorySafety()]

/// A core target: bytes and decisions, without I/O, clock, globals or Foundation.
func core(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: core)
}

/// A shell, a composition target or the support of tests.
func shell(_ name: String, _ dependencies: Target.Dependency..., path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: house)
}

/// For targets through which every byte or every handshake passes. In release builds the run-time half of the law of exclusivity is
/// left out there: each access to a stored property of a class would cost a call, a hundred of them for an echo, and as many for an
/// upgrade. Debug builds, and so all tests, keep it.
let passing = SwiftSetting.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))

func tests(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: house)
}

let package = Package(
    name: "gatehouse",
    products: [
        .executable(name: "gatehouse", targets: ["gatehouse"]),
        .executable(name: "gatehouse-load", targets: ["gatehouse-load"]),
    ],
    targets: [
        // Bindings
        .target(name: "CLinux"),
        .target(name: "CIOUring", linkerSettings: [.linkedLibrary("uring")]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .target(name: "COpenSSLShim", dependencies: ["COpenSSL"]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CPcap"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

        // Core
        core("Wire"),
        core("JSONWire"),
        core("HTTPWire", "Wire"),
        core("WebSocketWire", "Wire", "CZlib"),
        .target(name: "Diagnosis", dependencies: ["Wire", "HTTPWire", "WebSocketWire"], swiftSettings: core + [passing]),
        core("ProxyCore", "Wire", "JSONWire", "HTTPWire", "WebSocketWire", "Diagnosis"),

        // Shells
        .target(name: "EventLoop", dependencies: ["Wire", "CLinux", "CIOUring"], swiftSettings: house + [passing]),
        shell("TLSEngine", "Wire", "COpenSSL", "COpenSSLShim"),
        shell("Credentials", "Wire", "JSONWire", "ProxyCore", "COpenSSL", "COpenSSLShim", "CCrypt"),
        shell("CaptureFile", "Wire", "JSONWire"),
        shell("Configuration", "Wire", "HTTPWire", "ProxyCore", "CYAML"),
        .target(
            name: "Telemetry", dependencies: ["Wire", "JSONWire", "HTTPWire", "WebSocketWire", "Diagnosis", "CLinux"],
            swiftSettings: house + [passing]),

        // Composition
        shell("Probing", "Wire", "HTTPWire", "WebSocketWire", "Diagnosis", "TLSEngine", "CLinux"),
        .target(
            name: "ProxyServer",
            dependencies: [
                "Wire", "HTTPWire", "WebSocketWire", "Diagnosis", "ProxyCore", "EventLoop", "TLSEngine", "Configuration",
                "Credentials", "CaptureFile", "Telemetry", "Admin", "Probing", "CLinux",
            ], swiftSettings: house + [passing]),
        shell("Admin", "Wire", "HTTPWire", "Diagnosis", "ProxyCore", "EventLoop", "Configuration", "Telemetry"),
        .target(
            name: "Tools",
            dependencies: [
                "Wire", "HTTPWire", "WebSocketWire", "Diagnosis", "ProxyCore", "EventLoop", "TLSEngine", "Configuration",
                "Telemetry",
                "ProxyServer", "Probing", "CaptureFile", "CLinux", "CPcap", "CZlib",
            ], swiftSettings: house + [passing]),

        // Executables
        .executableTarget(
            name: "gatehouse", dependencies: ["Tools", "ProxyServer", "Configuration"], swiftSettings: house),
        .executableTarget(
            name: "gatehouse-load",
            dependencies: ["Wire", "HTTPWire", "WebSocketWire", "EventLoop", "CaptureFile", "Tools", "CLinux"],
            swiftSettings: house),
        .executableTarget(
            name: "gatehouse-fuzz",
            dependencies: ["Wire", "HTTPWire", "WebSocketWire", "Configuration", "CaptureFile"], swiftSettings: house),

        // Tests
        shell("TestSupport", "Wire", "COpenSSL", path: "Tests/TestSupport"),
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
        tests("WireTests", "Wire"),
        tests("HTTPWireTests", "HTTPWire", "Wire"),
        tests("WebSocketWireTests", "WebSocketWire", "Wire"),
        tests("DiagnosisTests", "Diagnosis", "HTTPWire", "WebSocketWire", "Wire"),
        tests("JSONWireTests", "JSONWire"),
        tests("ProxyCoreTests", "ProxyCore", "JSONWire", "Diagnosis", "HTTPWire", "WebSocketWire", "Wire"),
        tests("CredentialsTests", "Credentials", "JSONWire", "ProxyCore", "Wire", "COpenSSL", "COpenSSLShim"),
        tests("EventLoopTests", "EventLoop", "Wire", "CLinux"),
        tests("TLSEngineTests", "TLSEngine", "Wire", "COpenSSL", "COpenSSLShim"),
        tests("CaptureFileTests", "CaptureFile", "Wire"),
        tests("ConfigurationTests", "Configuration", "ProxyCore", "HTTPWire", "Wire"),
        tests("TelemetryTests", "Telemetry", "Diagnosis", "HTTPWire", "WebSocketWire", "Wire"),
        tests("AdminTests", "Admin", "Telemetry", "Diagnosis", "ProxyCore", "Wire"),
        tests(
            "ToolsTests", "Tools", "CLinux", "CaptureFile", "Configuration", "Diagnosis", "EventLoop", "HTTPWire", "Probing",
            "ProxyCore",
            "TLSEngine", "Telemetry", "WebSocketWire", "Wire"),
        tests("ArchitectureTests"),
        tests(
            "PerformanceTests", "ProxyServer", "Configuration", "EventLoop", "WebSocketWire", "Wire", "CLinux",
            "CAllocationCounter"),
        tests("IntegrationTests", "CaptureFile", "Wire"),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11
)
