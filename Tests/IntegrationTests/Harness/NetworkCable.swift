import Glibc

/// A network namespace at the end of a cable that a test can pull: what is sent then vanishes, without FIN or RST.
final class NetworkCable {
    /// Our end's address, and the other's.
    static let address = "10.255.77.1"
    static let farAddress = "10.255.77.2"

    let name: String
    private let scratch: ScratchFolder
    private let near: String
    private let far: String

    /// Why there can't be one here; nil if there can.
    static let obstacle: String? = {
        guard geteuid() == 0 else { return "a network namespace needs root" }
        do {
            _ = try NetworkCable()
            return nil
        } catch { return "no network namespace: \(error)" }
    }()

    init() throws {
        scratch = try ScratchFolder()
        let number = UInt32.random(in: 0..<100_000)
        (name, near, far) = ("gh\(number)", "gha\(number)", "ghb\(number)")
        try ip("netns add \(name)")
        try ip("link add \(near) type veth peer name \(far) netns \(name)")
        try ip("addr add \(Self.address)/30 dev \(near)")
        try ip("link set \(near) up")
        try ip("-n \(name) addr add \(Self.farAddress)/30 dev \(far)")
        try ip("-n \(name) link set \(far) up")
    }

    deinit { try? ip("netns del \(name)") }

    /// From now on nothing arrives, in either direction.
    func pull() throws { try ip("-n \(name) link set \(far) down") }

    /// Starts a program at the far end.
    func run(_ executable: String, _ arguments: [String], output: String, errors: String) throws -> ChildProcess {
        try ChildProcess("/usr/bin/env", ["ip", "netns", "exec", name, executable] + arguments, output: output, errors: errors)
    }

    private func ip(_ words: String) throws {
        let child = try ChildProcess(
            "/usr/bin/env", ["ip"] + words.split(separator: " ").map(String.init), output: scratch.file("out"),
            errors: scratch.file("errors"))
        guard child.waitForExit(within: 10) == .code(0) else {
            throw HarnessFailure("ip \(words): \(scratch.read("errors"))")
        }
    }
}
