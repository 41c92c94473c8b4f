public import Wire

/// Lines about captures.
extension Ledger {
    /// A file was begun.
    ///
    /// - Parameter deleted: elder ones that made room.
    public func captureFile(_ name: String, directory: String, deleted: [String], at time: Timestamp) {
        write("capture.file", at: time, message: "a capture's file was begun") { line in
            line.field("file", name)
            line.field("directory", directory)
            line.beginArray("deleted")
            for name in deleted { line.element(name) }
            line.endArray()
        }
    }

    /// Nothing can be written at present; traffic goes on, and packets are dropped and counted.
    ///
    /// - Parameter operation: `directory`, `create` or `write`.
    public func captureFailed(_ operation: String, errno: Int32, directory: String, at time: Timestamp) {
        write(
            "capture.failed", level: .warning, at: time,
            message: "the capture can't be written; traffic goes on, and it is tried again every five seconds"
        ) { line in
            line.field("operation", operation)
            line.field("errno", Int(errno))
            line.field("directory", directory)
        }
    }

    /// Packets are missing in the capture.
    ///
    /// - Parameters:
    ///   - because: `queue` where the disk is slow, `disk` where it is full.
    ///   - sessions: how many sessions lost something; the first of them are named.
    public func captureDropped(
        packets: UInt64, bytes: UInt64?, sessions: Int, names: [SessionID], because: String, worker: Int?, at time: Timestamp
    ) {
        write("capture.dropped", level: .warning, at: time, message: "packets are missing in the capture") { line in
            line.field("packets", packets)
            if let bytes { line.field("bytes", bytes) }
            line.field("because", because)
            line.field("sessions", sessions)
            line.beginArray("names")
            for name in names { line.element(name.description) }
            line.endArray()
            if let worker { line.field("worker", worker) }
        }
    }

    /// The admin API changed what is captured.
    public func captureOrdered(
        mode: String, session: SessionID?, client: String?, user: String?, route: String?, cause: String?, span: TimeSpan?,
        at time: Timestamp
    ) {
        write("capture.ordered", at: time, message: "what is captured was changed by the admin API") { line in
            line.field("mode", mode)
            if let session { line.field("about_session", session: session) }
            if let client { line.field("client", client) }
            if let user { line.field("user", redacted: user, redaction) }
            if let route { line.field("route", route) }
            if let cause { line.field("cause", cause) }
            if let span { line.field("for_ms", milliseconds: span) }
        }
    }
}
