import Diagnosis
import Probing
import WebSocketWire
import Wire

/// What became of the session of a handshake that was accepted, in the moment for which it was watched.
extension Diagnoser {
    /// How long it is watched before it is closed: an end that follows the 101 comes by then, and a healthy server costs no more.
    static let watchTime = TimeSpan.milliseconds(150)
    /// How long the server has to take one more connection.
    private static let connectTime = TimeSpan.seconds(1)

    /// The record of a session that the server cut, with what a further connection shows: whether its process is still there.
    ///
    /// Nothing is sent on that connection.
    func checked(_ first: PerformedHandshake) -> SessionRecord? {
        guard let record = first.closing, let address = first.address, options.proxy == nil, options.probeLimit > 0,
            record.first == .upstream, !record.upstream.sentClose, record.upstream.fault == nil
        else { return first.closing }
        let sign: Sign
        let words: String
        switch HandshakeConnection.open(address, until: .after(Diagnoser.connectTime)) {
        case .open: (sign, words) = (.upstreamStillAccepts, "taken")
        case .refused(let errno): (sign, words) = (.upstreamGone, "refused (errno \(errno))")
        // Neither says that the process has gone.
        case .failed, .timedOut: return record
        }
        let evidence = Evidence(what: "one more connection", observed: words)
        var judged = record.judged(with: [.onlyWatched, sign], evidence: [(sign, evidence)])
        if judged.verdict?.evidence.contains(evidence) == false { judged.verdict?.evidence.append(evidence) }
        return judged
    }
}

extension SessionRecord {
    /// How the server ended it, in words.
    func ending(after lived: TimeSpan) -> String {
        if let code = upstream.closeCode {
            let reason = upstream.closeReason.map { $0.isEmpty ? "" : " \"\($0)\"" } ?? ""
            return "closed by the server with \(code)\(reason) after \(lived.shown)"
        }
        if let located = upstream.fault {
            return "failed after \(lived.shown): the server sent a fault (\(located.fault.name))"
        }
        if upstream.closedWithoutCode { return "closed by the server without a code after \(lived.shown)" }
        let isReset = if case .reset = upstream.end { true } else { false }
        return "\(isReset ? "reset" : "ended by the server without a close frame") after \(lived.shown)"
    }
}
