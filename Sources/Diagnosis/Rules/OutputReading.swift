import HTTPWire
import Wire

/// What a line of the backend's own output says about a handshake or a session: the words that the wire can't carry.
///
/// Lines are matched by the sentences of servers, frameworks and proxies (a command that is run may well be a proxy with a backend of its own),
/// wherever in the line they stand, and by the lines of access logs (`AccessLine`). A line that says nothing of the kind has no signs, and most don't.
public enum OutputReading {
    /// The signs in a line; at most its first 2 KiB are read.
    public static func signs(_ line: [UInt8]) -> SignSet {
        var reading = SignReading()
        phrases.read(line, 0..<min(line.count, 2048), into: &reading) { .body($0) }
        return reading.set
    }

    /// What is said once, at the start or when it begins, and holds until the backend ends or says otherwise.
    public static let standing: SignSet = [.outputSyncWorker, .outputPlainServer, .outputNoServerUp]

    /// A quotation of the line, control characters escaped, cut to a readable length.
    public static func evidence(_ line: [UInt8]) -> Evidence {
        let text = String(decoding: line.prefix(300), as: UTF8.self)
        let shown = text.unicodeScalars.reduce(into: "") { shown, scalar in
            if scalar.value >= 0x20, scalar.value != 0x7F { shown.unicodeScalars.append(scalar) } else { shown += "·" }
        }
        return Evidence(what: "backend output", observed: shown)
    }

    private static let phrases = BodyPhrases(
        groups.flatMap { group in group.1.map { BodyPhrases.Phrase(text: $0, sign: group.0) } })
}
