public import Diagnosis
public import Wire

/// Lines about the backend that `gatehouse run` started.
extension Ledger {
    /// - Parameters:
    ///   - command: what was started, without its arguments, which may hold secrets
    ///   - attempt: 1 for the first start, then one more for each restart
    public func backendStarted(command: String, pid: Int32, port: UInt16, attempt: Int, at time: Timestamp) {
        write("backend.started", at: time, message: "the backend was started") { line in
            line.field("command", command)
            line.field("pid", Int(pid))
            line.field("port", Int(port))
            line.field("attempt", attempt)
        }
    }

    public func backendReady(pid: Int32, port: UInt16, after span: TimeSpan, at time: Timestamp) {
        write("backend.ready", at: time, message: "the backend accepts connections") { line in
            line.field("pid", Int(pid))
            line.field("port", Int(port))
            line.field("ms", milliseconds: span)
        }
    }

    /// The backend takes its time: what it does listen on meanwhile, which may already tell what will come of it.
    public func backendAwaited(port: UInt16, listening: [String], after span: TimeSpan, at time: Timestamp) {
        write(
            "backend.awaited", level: .warning, at: time,
            message: "the backend does not listen yet where it should; the public port stays closed until it does"
        ) { line in
            line.field("port", Int(port))
            line.field("ms", milliseconds: span)
            line.beginArray("listening")
            for place in listening { line.element(place) }
            line.endArray()
        }
    }

    /// The start came to nothing, and why.
    public func backendFailed(_ verdict: Verdict, lastLines: [String], at time: Timestamp) {
        write("backend.failed", level: .error, at: time, message: "the backend can't be reached") { line in
            line.field("verdict", verdict, redaction)
            lastOutput(lastLines, in: &line)
        }
    }

    /// The backend's process is over.
    /// - Parameters:
    ///   - signal: 0 where it left by itself
    ///   - asked: whether Gatehouse had told it to
    public func backendEnded(
        pid: Int32, code: Int32, signal: Int32, asked: Bool, sessions: Int, lastLines: [String], at time: Timestamp
    ) {
        let isFine = asked || (code == 0 && signal == 0)
        write("backend.ended", level: isFine ? .info : .error, at: time, message: "the backend's process ended") { line in
            line.field("pid", Int(pid))
            if signal == 0 { line.field("exit", Int(code)) } else { line.field("signal", Int(signal)) }
            line.field("asked", asked)
            line.field("sessions", sessions)
            if !isFine { lastOutput(lastLines, in: &line) }
        }
    }

    public func backendRestarts(after span: TimeSpan, attempt: Int, at time: Timestamp) {
        write("backend.restarts", level: .warning, at: time, message: "the backend will be started again") { line in
            line.field("in_ms", milliseconds: span)
            line.field("attempt", attempt)
        }
    }

    /// The backend, or what it left behind, did not go when it was told to.
    public func backendKilled(pid: Int32, after span: TimeSpan, at time: Timestamp) {
        write(
            "backend.killed", level: .warning, at: time, message: "the backend did not end when it was told to, and was killed"
        ) { line in
            line.field("pid", Int(pid))
            line.field("ms", milliseconds: span)
        }
    }

    private func lastOutput(_ lines: [String], in line: inout LineBuffer) {
        guard !lines.isEmpty else { return }
        line.beginArray("last_output")
        for text in lines { line.element(redacted: text, redaction) }
        line.endArray()
    }
}
