import Glibc

/// A network namespace at the end of a cable that a test can pull: what is sent then vanishes, without FIN or RST.
final class NetworkCable {
    let name: String
    /// Our end's address: each cable has a network of its own, since the kernel takes its time to forget one that is gone.
    let address: String
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
        let network = "10.255.\(Int.random(in: 1...250))."
        let first = 4 * Int.random(in: 0...62)
        address = "\(network)\(first + 1)"
        try ip("netns add \(name)")
        try ip("link add \(near) type veth peer name \(far) netns \(name)")
        try ip("addr add \(address)/30 dev \(near)")
        try ip("link set \(near) up")
        try ip("-n \(name) addr add \(network)\(first + 2)/30 dev \(far)")
        try ip("-n \(name) link set \(far) up")
    }

    // The kernel keeps a namespace as long as a connection in it tries to send, minutes after the test; its cable would go only
    // then, and a browser of a later test gives up what it loads when an interface goes. So the cable goes now.
    deinit {
        try? ip("link del \(near)")
        try? ip("netns del \(name)")
    }

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
