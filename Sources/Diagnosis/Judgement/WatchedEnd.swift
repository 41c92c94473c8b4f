import WebSocketWire
import Wire

/// What a verdict says besides where a session was only watched, and the server ended it before anybody had spoken.
///
/// The weighing is the same as for every session. But such an end is no answer to anything: no message of the client's made it, so that what
/// is left are the handler and the process, and of these the wire shows no more than that it ended.
enum WatchedEnd {
    /// Whether the server ended a session on which nothing was said: in good order, perhaps, and yet of no use to anybody.
    static func isOne(_ record: SessionRecord) -> Bool { record.first == .upstream && record.upstream.messages == 0 }

    /// Puts what was seen into the verdict's own words.
    static func word(_ verdict: inout Verdict, _ record: SessionRecord) {
        // A breach stands in the bytes, and says all.
        guard record.upstream.fault == nil else { return }
        if WatchedEnd.breaches.contains(verdict.cause), record.downstream.bytes == 0, verdict.blame == .client {
            verdict.blame = .backend
        }
        if verdict.cause == .unknown {
            verdict.title = "The handshake succeeded, and the server closed the session at once \(code(record))"
            verdict.fix = [
                "Look at what the handler does once it has accepted: where it returns, the server ends the session in its name",
                "A handler that refuses after it has accepted had better say why: a close code of its own (4401) and a reason",
            ]
        }
        verdict.evidence.append(evidence(record))
    }

    /// What a server can complain of only if the client has sent something.
    private static let breaches: Set<Cause> = [.protocolViolation, .textNotUtf8, .messageTooBig]

    private static func code(_ record: SessionRecord) -> String {
        record.upstream.closeCode.map { "with \($0)" } ?? "without a code"
    }

    private static func evidence(_ record: SessionRecord) -> Evidence {
        let lived = record.endedAfter.nanoseconds / 1_000_000
        var observed = "\(lived) ms after its 101 the server ended the session by itself; the client had sent nothing"
        if !record.upstream.sentClose {
            observed += " (a handler that returns or fails, a timer and a process that dies look alike from here)"
        }
        return Evidence(what: "watch", observed: observed, expected: "a session that stays open")
    }
}
