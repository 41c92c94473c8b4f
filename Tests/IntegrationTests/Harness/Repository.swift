import Foundation

/// Where things lie in the checkout that this test was built from.
enum Repository {
    static let root: URL = {
        var url = URL(fileURLWithPath: #filePath)
        while url.path != "/", !FileManager.default.fileExists(atPath: url.appendingPathComponent("Package.swift").path) {
            url.deleteLastPathComponent()
        }
        return url
    }()

    /// The binary that was built beside this test bundle; `GATEHOUSE_BINARY` names another.
    static let gatehouse: String = {
        if let named = ProcessInfo.processInfo.environment["GATEHOUSE_BINARY"] { return named }
        // The test runner is given the bundle's path: `….build/debug/gatehousePackageTests.xctest`.
        for argument in CommandLine.arguments where argument.contains(".xctest") {
            let end = argument.range(of: ".xctest")?.upperBound ?? argument.endIndex
            let folder = URL(fileURLWithPath: String(argument[..<end])).deletingLastPathComponent()
            let binary = folder.appendingPathComponent("gatehouse").path
            if FileManager.default.isExecutableFile(atPath: binary) { return binary }
        }
        return root.appendingPathComponent(".build/debug/gatehouse").path
    }()

    /// The environment's Python; the system's for what needs no package.
    static let python: String = {
        let own = root.appendingPathComponent(".venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: own) ? own : (find("python3") ?? "python3")
    }()

    static let chromium: String? = find("chromium") ?? find("google-chrome")

    static func peer(_ name: String) -> String { root.appendingPathComponent("Tests/Peers/\(name)").path }

    /// An executable of that name on the search path.
    static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first(where: FileManager.default.isExecutableFile)
    }
}
