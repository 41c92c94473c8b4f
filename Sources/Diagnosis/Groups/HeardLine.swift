public import Wire

/// A line of the backend's output that speaks of a handshake or a session.
public struct HeardLine: Sendable {
    public let at: Timestamp
    public let signs: SignSet
    /// The line, and with a traceback its last line: what a person would quote.
    public fileprivate(set) var quote: Evidence
    let text: [UInt8]
    /// How a request arrived at the backend, where it is a line of an access log that tells.
    var access: AccessLine?
    /// Whose failure it is, where a line beside it tells.
    var owner: RequestMention?
    /// How many cases it was joined to.
    var uses = 0
    /// When its case is looked for again, where there was none.
    var again: Timestamp?
    /// When its case is looked for: a moment after it was written, with each case that comes in, and now and then.
    var due: Timestamp { again ?? at + Casework.lineDelay }

    /// Whether the line names this target's path, as a word of its own.
    func names(path: [UInt8]) -> Bool {
        guard path.count > 1, text.count >= path.count else { return false }
        var start = 0
        while start + path.count <= text.count {
            if text[start] == path[0], text[start..<start + path.count].elementsEqual(path) {
                let next = start + path.count
                if next == text.count || HeardLine.endsPath(text[next]) { return true }
            }
            start += 1
        }
        return false
    }

    /// Whether it names any path at all in the manner of access logs: then it speaks of that one only.
    var namesSomePath: Bool {
        for start in text.indices.dropLast() where text[start] == 0x2F {
            guard start > 0, text[start - 1] == 0x20 || text[start - 1] == 0x22 || text[start - 1] == 0x27 else { continue }
            // A file's name in a traceback is a path too, but none that is requested.
            if HeardLine.methods.contains(where: { method in
                start > method.count && text[(start - method.count - 1)..<(start - 1)].elementsEqual(method)
            }) {
                return true
            }
        }
        return false
    }

    private static let methods = ["GET", "WebSocket", "WEBSOCKET", "POST"].map { Array($0.utf8) }

    private static func endsPath(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x22, 0x27, 0x3F, 0x2C, 0x29, 0x5D, 0x3A: true
        default: false
        }
    }
}

/// Reads the backend's output line by line: what speaks of handshakes is kept for a moment, a traceback until its last line is there.
struct OutputListener: Sendable {
    /// A traceback that never comes to its end is taken as it is.
    private static let patience = TimeSpan.milliseconds(300)
    private static let longest = 200

    private var traceback: (line: HeardLine, count: Int)?
    /// The line just before, if it names a request that failed.
    private var latest: (mention: RequestMention, at: Timestamp)?

    /// When the traceback that is under way has waited long enough.
    var due: Timestamp? { traceback.map { $0.line.at + OutputListener.patience } }

    /// The lines that are complete with this one.
    mutating func read(_ line: [UInt8], at now: Timestamp) -> [HeardLine] {
        var complete: [HeardLine] = []
        let signs = OutputReading.signs(line)
        if var open = traceback {
            if open.count >= OutputListener.longest || now - open.line.at > .seconds(1) {
                complete.append(open.line)
                traceback = nil
            } else if OutputListener.isLast(line) {
                // "KeyError: 'token'" says more than "Traceback".
                open.line.quote = Evidence(
                    what: "backend output", observed: "\(open.line.quote.observed) … \(OutputReading.evidence(line).observed)")
                let known = OutputReading.signs(line).union(open.line.signs)
                var whole = HeardLine(at: open.line.at, signs: known, quote: open.line.quote, text: open.line.text + [0x20] + line)
                whole.owner = open.line.owner
                complete.append(whole)
                traceback = nil
                return complete
            } else {
                traceback?.count += 1
                if signs.isEmpty || signs.contains(.outputTraceback) { return complete }
            }
        }
        let mention = RequestMention(line)
        let before = latest
        if let mention, mention.leads { latest = (mention, now) } else if !line.isEmpty { latest = nil }
        // Only of refusals there is something to learn.
        let access = AccessLine(line).flatMap { $0.status.map { $0 < 300 } == true ? nil : $0 }
        guard !signs.isEmpty || access != nil else { return complete }
        var heard = HeardLine(at: now, signs: signs, quote: OutputReading.evidence(line), text: Array(line.prefix(2048)))
        heard.access = access
        if signs.contains(.outputTraceback) {
            heard.owner = mention ?? before.flatMap { now - $0.at <= RequestMention.reach ? $0.mention : nil }
        }
        if signs.contains(.outputTraceback), OutputListener.opensTraceback(line) {
            // The mention is used up.
            latest = nil
            if traceback == nil { traceback = (heard, 0) }
        } else {
            complete.append(heard)
        }
        return complete
    }

    /// A traceback whose time is over.
    mutating func takeOverdue(_ now: Timestamp) -> HeardLine? {
        guard let open = traceback, now >= open.line.at + OutputListener.patience else { return nil }
        traceback = nil
        return open.line
    }

    /// Python's headline, and those of servers that announce one: what was thrown stands in the last line.
    private static func opensTraceback(_ line: [UInt8]) -> Bool {
        let text = String(decoding: line.prefix(300), as: UTF8.self).lowercased()
        return text.contains("traceback (most recent call last)") || text.contains("exception in asgi application")
            || text.contains("handler failed") || text.contains("error handling request")
    }

    /// Not indented, not empty, none of the words between chained exceptions.
    private static func isLast(_ line: [UInt8]) -> Bool {
        guard let first = line.first, first != 0x20, first != 0x09, first != 0x0D else { return false }
        let text = String(decoding: line.prefix(120), as: UTF8.self)
        guard !text.hasPrefix("Traceback"), !text.hasPrefix("During handling"), !text.hasPrefix("The above exception") else {
            return false
        }
        // `json.decoder.JSONDecodeError: …`, `KeyError: 'x'`, `RuntimeError`.
        let name = text.prefix { $0 != ":" && $0 != " " }
        return name.contains("Error") || name.contains("Exception") || name.contains("Exit") || name.contains("Timeout")
            || name.contains("Disconnect") || name.contains("Closed") || name.contains(".")
    }
}

extension String {
    fileprivate func contains(_ part: String) -> Bool {
        let all = Array(utf8)
        let wanted = Array(part.utf8)
        guard wanted.count <= all.count else { return false }
        return (0...(all.count - wanted.count)).contains { all[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }
}
