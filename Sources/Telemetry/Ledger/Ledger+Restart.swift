public import Wire

/// Lines about one process taking over from another.
extension Ledger {
    /// - Parameter isOwn: whether this process started the new one
    public func restartBegan(pid: Int32, isOwn: Bool, at time: Timestamp) {
        write("restart.began", at: time, message: "a new process was given the listeners; this one goes on until that one is ready")
        { line in
            line.field("successor", Int(pid))
            line.field("started_here", isOwn)
        }
    }

    public func restartHandedOver(pid: Int32, at time: Timestamp) {
        write("restart.handed_over", at: time, message: "the new process accepts connections; this one drains") {
            $0.field("successor", Int(pid))
        }
    }

    public func restartFailed(_ reason: String, pid: Int32, at time: Timestamp) {
        write(
            "restart.failed", level: .error, at: time, message: "the new process came to nothing; this one goes on unchanged"
        ) { line in
            if pid > 0 { line.field("successor", Int(pid)) }
            line.field("reason", redacted: reason, redaction)
        }
    }

    /// Somebody came to the control socket who is no successor.
    public func restartRefused(observed: String, pid: Int32, at time: Timestamp) {
        write(
            "restart.refused", level: .warning, at: time, message: "somebody on the control socket was turned away"
        ) { line in
            line.field("pid", Int(pid))
            line.field("observed", redacted: observed, redaction)
        }
    }

    /// - Parameters:
    ///   - generation: hot restarts since a process began by itself
    ///   - isAlone: whether the predecessor had ended before it could say that it stops accepting
    public func restartTakenOver(pid: Int32, generation: Int, isAlone: Bool, at time: Timestamp) {
        write("restart.taken_over", at: time, message: "the listeners of the process before are this one's") { line in
            line.field("predecessor", Int(pid))
            line.field("generation", generation)
            line.field("predecessor_gone", isAlone)
        }
    }

    /// A socket was passed for which the configuration has no listener any more.
    public func listenerGivenUp(_ address: SocketAddress, at time: Timestamp) {
        write(
            "listener.given_up", level: .warning, at: time,
            message: "the process before listened here, and this configuration doesn't: clients that wait there are turned away"
        ) { $0.field("address", address: address) }
    }

    /// This process has drained, and stays because somebody watches it.
    public func restartGuarding(pid: Int32, at time: Timestamp) {
        write("restart.guarding", at: time, message: "this process only passes signals on from now on") {
            $0.field("successor", Int(pid))
        }
    }
}
