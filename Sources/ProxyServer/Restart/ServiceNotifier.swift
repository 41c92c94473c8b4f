import CLinux

/// Tells a service manager how the process is, as sd_notify(3) has it. Without one, nothing is said.
struct ServiceNotifier: Sendable {
    /// The manager's socket; nil: nobody listens.
    let path: String?

    func ready() { send("READY=1\nMAINPID=\(clinux_pid())\nSTATUS=accepting connections") }

    func reloading() { send("RELOADING=1\nMONOTONIC_USEC=\(clinux_monotonic() / 1000)") }

    /// The reload is over, however it went.
    func reloaded(_ ok: Bool) {
        send("READY=1\nSTATUS=\(ok ? "accepting connections" : "the last reload was rejected; the old configuration is in force")")
    }

    func stopping() { send("STOPPING=1\nSTATUS=draining") }

    /// Another process is the service from now on; this one may end.
    func mainProcess(_ pid: Int32) { send("MAINPID=\(pid)") }

    private func send(_ text: String) {
        if let path, path.hasPrefix("/") || path.hasPrefix("@") { _ = clinux_notify(path, text) }
    }
}
