import Configuration

/// Where `gatehouse restart` speaks to the running process: its control socket, and what named it.
struct ControlPlace: Equatable {
    var path: String
    /// What the path was taken from, for messages.
    var source: String

    /// The variable that sets `restart.socket`, as `serve` reads it.
    static let variable = "GATEHOUSE_TAKEOVER"

    /// The socket: what the flag says, else what the process's configuration would.
    ///
    /// - Returns: nil, and the sentence that tells what was looked for, if nothing names one.
    static func find(
        socket: String?, config: String?, environment: [String: String]
    ) throws(ConfigurationError) -> (place: ControlPlace?, missing: String) {
        func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let socket { return (ControlPlace(path: socket, source: "--socket"), "") }
        if let file = config ?? set(Snapshot.fileVariable) {
            // The process may have its upstream from a flag: where it forwards is no matter here.
            let flags = ["upstream": "http://127.0.0.1:1"]
            let snapshot: Snapshot
            do throws(ConfigurationError) {
                snapshot = try Snapshot.load(file: file, environment: environment)
            } catch {
                guard let other = try? Snapshot.load(file: file, flags: flags, environment: environment) else { throw error }
                snapshot = other
            }
            if let path = snapshot.restart.socket { return (ControlPlace(path: path, source: "restart.socket of \(file)"), "") }
            return (nil, "found no restart.socket in \(file), and \(variable) is not set")
        }
        if let path = set(variable) { return (ControlPlace(path: path, source: variable), "") }
        return (
            nil,
            "found nothing that names a control socket: no --socket and no --config, and \(Snapshot.fileVariable) and \(variable) are not set"
        )
    }

    /// What to do where nothing names a socket.
    static let remedy = """
        expected the socket at which the running process waits (restart.socket in its file, or serve --takeover PATH).
        To do: name it with --socket PATH or --config FILE. A process without one is restarted by SIGUSR2: kill -USR2 PID.
        """
}
