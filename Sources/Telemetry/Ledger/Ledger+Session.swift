public import Diagnosis
public import WebSocketWire
public import Wire

/// Lines of a session that is still open: `session.finding`, `session.message`.
extension Ledger {
    /// Something worth knowing about a running session.
    public func sessionFinding(_ session: SessionID, _ finding: Finding, at time: Timestamp) {
        let level: LogLevel = finding.severity == .note ? .info : .warning
        write("session.finding", level: level, at: time, session: session, message: "something odd in a session") {
            line in
            line.members(of: finding, redaction)
        }
    }

    /// The credential that opened a session ends soon, and the session with it.
    public func sessionExpiring(_ session: SessionID, route: String, in span: TimeSpan, at time: Timestamp) {
        write(
            "session.expiring", at: time, session: session, message: "the credential of this session ends soon; then it is closed"
        ) { line in
            line.field("route", route)
            line.field("in_ms", milliseconds: span)
        }
    }

    /// More is known of a refusal or of an end than when its line was written: the whole verdict, anew.
    ///
    /// - Parameter revision: counts the verdicts of this session after the first.
    public func sessionVerdict(
        _ session: SessionID, _ verdict: Verdict, kind: CaseKind, route: String, endpoint: String, revision: Int, at time: Timestamp
    ) {
        write("session.verdict", level: .warning, at: time, session: session, message: "more is known of why it failed") { line in
            line.field("about", constant: kind == .refusal ? "refusal" : "end")
            line.field("route", route)
            line.field("endpoint", endpoint)
            line.field("revision", revision)
            line.field("verdict", verdict, redaction)
        }
    }

    /// One message, where the operator asked for that (`log.frames`).
    ///
    /// - Parameters:
    ///   - size: Payload bytes as they were sent, compressed if they were.
    ///   - inflatedSize: The same once inflated; nil for what was not compressed, or not inflated.
    ///   - start: The first bytes of the message, unmasked and inflated; nil if they are not to be shown.
    public func sessionMessage(
        _ session: SessionID, _ direction: Direction, _ opcode: Opcode, size: UInt64, compressed: Bool, inflatedSize: UInt64? = nil,
        start: [UInt8]? = nil, at time: Timestamp
    ) {
        write("session.message", at: time, session: session, message: "a message was relayed") { line in
            line.field("direction", direction.name)
            line.field("type", OpcodeLabel(opcode: opcode.number).label)
            line.field("opcode", UInt64(opcode.number))
            line.field("size", size)
            line.field("compressed", compressed)
            if let inflatedSize { line.field("inflated_size", inflatedSize) }
            if let start { line.field("start", start, 0..<start.count, .text, redaction) }
        }
    }
}
