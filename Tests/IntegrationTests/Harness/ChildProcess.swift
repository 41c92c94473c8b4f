import Foundation
import Glibc
import Synchronization

/// A program that a test started: its output in files, its input a pipe that ends with the test run.
///
/// Spawned with nothing inherited but the three standard descriptors, so that no pipe or socket of the tests stays open in
/// it. Whoever still runs when the test process leaves is killed by `Undertaker`.
final class ChildProcess: Sendable {
    /// How it ended.
    enum Exit: Hashable, CustomStringConvertible {
        case code(Int32)
        case signal(Int32)

        var description: String {
            switch self {
            case .code(let code): "exit code \(code)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    let pid: pid_t
    private let input: Int32
    private let ended = Mutex<Exit?>(nil)

    /// - Parameters:
    ///   - output: the file that takes standard output, created anew (or a device)
    ///   - errors: the file that takes standard error
    ///   - openFiles: a lower limit of descriptors, as `ulimit -n` sets it
    init(
        _ executable: String, _ arguments: [String], output: String, errors: String,
        environment: [String: String] = [:], openFiles: Int? = nil
    ) throws {
        var command = [executable] + arguments
        if let openFiles {
            command = ["/bin/sh", "-c", "ulimit -n \(openFiles); exec \"$0\" \"$@\""] + command
        }
        var surroundings = ProcessInfo.processInfo.environment
        // A developer's own settings must not decide a test.
        for name in surroundings.keys where name.hasPrefix("GATEHOUSE_") || name == "PORT" { surroundings[name] = nil }
        surroundings.merge(environment) { $1 }

        var pipe: [Int32] = [-1, -1]
        guard Glibc.pipe(&pipe) == 0 else { throw HarnessFailure("pipe: errno \(errno)") }
        defer { close(pipe[0]) }
        input = pipe[1]
        // A child that held the writing end would keep every other child's input open.
        for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipe[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let vector = command.map { strdup($0) } + [nil]
        let names = surroundings.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            vector.forEach { free($0) }
            names.forEach { free($0) }
        }
        var spawned: pid_t = 0
        let result = posix_spawnp(&spawned, command[0], &actions, &attributes, vector, names)
        guard result == 0 else {
            close(pipe[1])
            throw HarnessFailure("can't start \(executable): \(String(cString: strerror(result)))")
        }
        pid = spawned
        Undertaker.shared.watch(pid)
    }

    deinit {
        if exit == nil {
            kill(pid, SIGKILL)
            _ = waitForExit(within: 5)
        }
        close(input)
    }

    /// How it ended, if it has.
    var exit: Exit? {
        ended.withLock { known in
            if let known { return known }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            Undertaker.shared.forget(pid)
            known = status & 0x7F == 0 ? .code((status >> 8) & 0xFF) : .signal(status & 0x7F)
            return known
        }
    }

    func send(_ signal: Int32) { if exit == nil { kill(pid, signal) } }

    func waitForExit(within seconds: Double) -> Exit? {
        (try? eventually(within: seconds) { exit }) ?? nil
    }

    // MARK: What the kernel counts

    /// User and system time so far, in seconds.
    var processorTime: Double {
        let fields = read("stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory of its own, in bytes.
    var residentMemory: Int {
        let line = read("status").split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) * 1024
    }

    var openDescriptors: Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0 }

    private func read(_ name: String) -> String {
        (try? String(contentsOfFile: "/proc/\(pid)/\(name)", encoding: .utf8)) ?? ""
    }
}
