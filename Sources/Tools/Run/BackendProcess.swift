import CLinux
import EventLoop
import Glibc
import Telemetry
import Wire

/// The backend as a process: its leader, and the group that it leads.
///
/// The leader is taken off the kernel's table only when its group is over, so that its number, which is the group's, can't come to mean
/// somebody else while signals are still sent to it.
final class BackendProcess {
    /// Why a command could not be started: the system's error number.
    struct Failure: Error {
        let errno: Int32
    }

    let pid: Int32
    let startedAt: UInt64
    let output: BackendOutput

    /// - Parameters:
    ///   - port: put in the place of `{port}` in the command, and into the environment as PORT
    init(
        command: [String], port: UInt16, environment: [String: String], shared: SharedOutput,
        hear: @escaping @Sendable ([UInt8], Timestamp) -> Void
    ) throws(Failure) {
        var surroundings = environment
        surroundings["PORT"] = "\(port)"
        // Its output is a pipe, which Python fills by the block: lines would come minutes after what they speak of.
        if surroundings["PYTHONUNBUFFERED"] == nil { surroundings["PYTHONUNBUFFERED"] = "1" }
        let arguments = command.map { strdup(BackendProcess.filled($0, port)) } + [nil]
        let names = surroundings.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            arguments.forEach { free($0) }
            names.forEach { free($0) }
        }
        var child = clinux_child()
        startedAt = clinux_monotonic()
        let result = clinux_start_child(arguments, names, &child)
        guard result == 0 else { throw Failure(errno: -result) }
        pid = child.pid
        guard let output = BackendOutput(output: child.output, errors: child.errors, shared: shared, hear: hear) else {
            _ = clinux_signal_group(child.pid, SIGKILL)
            clinux_reap(child.pid)
            throw Failure(errno: EMFILE)
        }
        self.output = output
    }

    /// `{port}` in a word of the command stands for the port.
    static func filled(_ word: String, _ port: UInt16) -> String {
        var parts: [Substring] = []
        var rest = word[...]
        while let place = rest.firstRange(of: "{port}") {
            parts.append(rest[..<place.lowerBound])
            rest = rest[place.upperBound...]
        }
        return (parts + [rest]).joined(separator: "\(port)")
    }

    /// How the leader ended; nil while it runs.
    var end: clinux_exit? {
        var exit = clinux_exit()
        return clinux_child_ended(pid, &exit) ? exit : nil
    }

    /// What its processes, and those that they left behind, listen on.
    func listening(_ table: ListeningTable) -> [SocketAddress] {
        let processes = ProcessTable.read()
        // Everything that descends from us descends from it: we start nothing else, and what is orphaned comes to us.
        return table.addresses(of: ProcessTable.sockets(of: processes.descendants(of: clinux_pid())))
    }

    func signalGroup(_ signal: Int32) { _ = clinux_signal_group(pid, signal) }

    func signalLeader(_ signal: Int32) { _ = clinux_signal_process(pid, signal) }

    /// The leader has ended: ends what is left of its group, and takes the leader off the kernel's table.
    ///
    /// - Returns: whether something had to be killed.
    func endGroup(patience nanoseconds: UInt64) -> Bool {
        var killed = false
        if ProcessTable.read().hasLivingMember(of: pid) {
            signalGroup(SIGTERM)
            let deadline = clinux_monotonic() + nanoseconds
            while ProcessTable.read().hasLivingMember(of: pid) {
                if clinux_monotonic() >= deadline, !killed {
                    signalGroup(SIGKILL)
                    killed = true
                }
                // What can't even be killed (a dead file server) isn't waited for.
                if clinux_monotonic() >= deadline + 2_000_000_000 { break }
                clinux_sleep(10_000_000)
            }
        }
        output.finish(milliseconds: 500)
        clinux_reap(pid)
        clinux_reap_orphans(0)
        return killed
    }
}
