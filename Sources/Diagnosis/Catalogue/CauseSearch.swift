// Finding causes by what people have at hand: the close code that a program prints, a group, a word.

extension CauseCatalogue {
    /// What a word may be about.
    public struct Candidates: Sendable, Hashable {
        /// Why these are named, as a line above the list.
        public let heading: String
        /// The likeliest first; for a word at most twelve.
        public let causes: [Cause]
    }

    /// What 1006 stands for: the transport ended without a close frame, and anybody on the path may have ended it.
    private static let abrupt: [Cause] = [
        .handlerCrashed, .handlerReturned, .serverCrashed, .serverRestarting, .workerKilledByTimeout, .idleTimeout, .lifetimeLimit,
        .messageTooBig, .connectionCut,
    ]

    private static let most = 12

    /// The causes that `word` may mean, where it is no id; nil where nothing fits.
    public static func candidates(_ word: String) -> Candidates? {
        let wanted = word.lowercased()
        if let code = UInt16(wanted), code >= 1000 { return ofCode(code) }
        if let group = CauseEntry.Group(rawValue: wanted), !ids(of: group).isEmpty {
            return Candidates(heading: "The group \(group.rawValue):", causes: ids(of: group))
        }
        guard wanted.count >= 3 else { return nil }
        let inIDs = entries.filter { $0.cause.rawValue.contains(wanted) }
        let inTitles = entries.filter { $0.title.lowercased().contains(wanted) }
        let inParagraphs = entries.filter { $0.paragraph.lowercased().contains(wanted) }
        var found: [Cause] = []
        // Texts speak of many things: they count only where no name does.
        for entry in inIDs + inTitles + (inIDs.isEmpty && inTitles.isEmpty ? inParagraphs : []) where !found.contains(entry.cause) {
            found.append(entry.cause)
        }
        return found.isEmpty ? nil : Candidates(heading: "Causes that speak of \"\(word)\":", causes: Array(found.prefix(most)))
    }

    /// The candidates for a terminal, a line each.
    public static func list(_ candidates: Candidates, _ width: TextWidth = .standard) -> String {
        let column = (candidates.causes.map { $0.rawValue.utf8.count }.max() ?? 0) + 4
        var lines = width.lines(candidates.heading) + [""]
        for cause in candidates.causes {
            let start = "  \(cause.rawValue)"
            for (index, line) in width.lines(entry(cause).title, indent: column).enumerated() {
                let left = index == 0 ? start : ""
                lines.append(left + String(repeating: " ", count: column - left.utf8.count) + line)
            }
        }
        lines.append("")
        lines += width.lines("`gatehouse explain CAUSE` tells one; `gatehouse diagnose URL` finds out which it is.")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func ids(of group: CauseEntry.Group) -> [Cause] { entries.filter { $0.group == group }.map(\.cause) }

    private static func ofCode(_ code: UInt16) -> Candidates? {
        // RFC 6455 §7.4.1: what a program says of an end of which no close frame told it.
        if code == 1005 {
            return Candidates(
                heading:
                    "1005 never stands on the wire: a program says so when the close frame had no code. What ends sessions so:",
                causes: [.policyClose, .handlerReturned])
        }
        if code == 1015 {
            return Candidates(
                heading: "1015 never stands on the wire: a program says so when the TLS handshake failed. What makes it fail:",
                causes: ids(of: .tls))
        }
        if code == 1006 {
            return Candidates(
                heading:
                    "1006 never stands on the wire: a program says so when the connection ended without a close frame, or when the handshake failed (browsers hide why). What ends an open session so:",
                causes: abrupt)
        }
        let signs = SessionReading.signs(ofServerCode: code)
        let scored = entries.map { entry in
            let weights = entry.clauses.filter { $0.weight >= 40 && !$0.when.isDisjoint(with: signs) }.map(\.weight)
            return (cause: entry.cause, weight: weights.max() ?? 0)
        }
        let causes = scored.filter { $0.weight > 0 }.sorted { $0.weight > $1.weight }.map { $0.cause }
        guard !causes.isEmpty else { return nil }
        return Candidates(heading: "Close code \(code), sent by the server:", causes: Array(causes.prefix(most)))
    }
}
