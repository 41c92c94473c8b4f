import Foundation

/// The house as it may stand: floors from the bottom up, and on the core's floor an order.
///
/// This is the table of Docs/Architecture.md. A target that isn't in it fails the tests, so that the table grows with the
/// house.
enum House {
    /// Each floor imports only from floors below it; what stands on one floor imports only what `within` allows.
    static let floors: [(name: String, targets: [String])] = [
        ("bindings", ["CLinux", "CIOUring", "COpenSSL", "COpenSSLShim", "CCrypt", "CZlib", "CPcap", "CYAML"]),
        ("core", ["Wire", "JSONWire", "HTTPWire", "WebSocketWire", "Diagnosis", "ProxyCore"]),
        ("shells", ["EventLoop", "TLSEngine", "CaptureFile", "Configuration", "Credentials", "Telemetry"]),
        ("composition", ["Probing", "Admin", "ProxyServer", "Tools"]),
        ("executables", ["gatehouse", "gatehouse-load", "gatehouse-fuzz"]),
    ]

    /// Imports between targets of one floor. Shells know nothing of each other.
    static let within: [String: Set<String>] = [
        "COpenSSLShim": ["COpenSSL"],
        "HTTPWire": ["Wire"],
        "WebSocketWire": ["Wire"],
        "Diagnosis": ["Wire", "HTTPWire", "WebSocketWire"],
        "ProxyCore": ["Wire", "JSONWire", "HTTPWire", "WebSocketWire", "Diagnosis"],
        "ProxyServer": ["Admin", "Probing"],
        "Tools": ["ProxyServer", "Admin", "Probing"],
    ]

    static let core: Set<String> = Set(floors[1].targets)

    /// The only binding that the core may use: inflating is arithmetic on bytes.
    static let coreBindings: Set<String> = ["CZlib"]

    /// Modules of the toolchain that the core may import: none that reads a clock, a file, a socket or a global.
    static let coreModules: Set<String> = ["Swift"]

    /// What would let a clock or chance into the core by way of the standard library.
    static let coreMustNotName = [
        "ContinuousClock", "SuspendingClock", "SystemRandomNumberGenerator", ".random(in:", "Task.sleep",
        "CommandLine.",
        "readLine(", " print(",
    ]

    static func floor(of target: String) -> Int? { floors.firstIndex { $0.targets.contains(target) } }

    /// Whether `target` may import `other`.
    static func allows(_ target: String, toImport other: String) -> Bool {
        guard let own = floor(of: target), let its = floor(of: other) else { return false }
        if core.contains(target), its == 0 { return coreBindings.contains(other) }
        return its < own || (its == own && within[target, default: []].contains(other))
    }
}

/// The checkout as files and as the package manager sees it.
enum Checkout {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    struct SourceFile {
        let target: String
        let path: String
        let lines: [Substring]

        var name: String { path.split(separator: "/").last.map(String.init) ?? path }

        /// Modules that it imports, whatever stands before `import`.
        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
                    words[..<at].allSatisfy({ Self.modifiers.contains($0) || $0.hasPrefix("@") })
                else { return nil }
                // `import struct Foundation.Data` names the kind first.
                let named = Self.kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
                return named.split(separator: ".").first.map(String.init)
            }
        }

        private static let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
        private static let kinds: Set<Substring> = [
            "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
        ]
    }

    /// Every Swift file under Sources.
    static func sources() throws -> [SourceFile] {
        let folder = root.appendingPathComponent("Sources")
        guard let walk = FileManager.default.enumerator(atPath: folder.path) else { return [] }
        return try walk.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted().map { path in
            let text = try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
            return SourceFile(
                target: path.split(separator: "/").first.map(String.init) ?? "", path: "Sources/\(path)",
                lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }

    struct Target: Decodable {
        let name: String
        let type: String
        let target_dependencies: [String]?
    }

    private struct Description: Decodable { let targets: [Target] }

    /// What `swift package describe` says, from a scratch folder of its own: the tests' own run holds the lock of `.build`.
    static func targets() throws -> [Target] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.currentDirectoryURL = root
        process.arguments = [
            "swift", "package", "--scratch-path", root.appendingPathComponent(".build/describe").path, "describe",
            "--type",
            "json",
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        // Whatever the tool says before the object isn't part of it.
        let start = data.firstIndex(of: UInt8(ascii: "{")) ?? data.startIndex
        return try JSONDecoder().decode(Description.self, from: data[start...]).targets
    }
}
