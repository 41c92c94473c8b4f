import CaptureFile
import HTTPWire
import WebSocketWire
import Wire

/// Sessions from a ledger whose configuration has `log.frames` and a `log.frame_bytes` that holds whole texts.
///
/// Only texts can be read back, and only as long as the line holds all of them: others make their session one that can't be replayed. The
/// heads of a ledger are redacted, so secrets have to be given with `--rewrite`.
struct LedgerRecording {
    private var open: [String: (session: RecordedSession, openedAt: Timestamp, why: String?)] = [:]
    private var order: [String] = []
    /// As `analyze` counts them: by the lines that end a session.
    private var numbers: [String: UInt64] = [:]
    private static let most = 100_000

    /// Takes one line.
    ///
    /// - Parameter number: hands out the sessions' numbers.
    mutating func take(_ line: [UInt8], number: () -> UInt64) {
        guard let node = JSONNode(line), let event = node["event"]?.text, let name = node["session"]?.text else { return }
        // Counted whether its beginning is here or not.
        if event == "session.refused" || event == "session.closed" {
            let count = number()
            if numbers.count < LedgerRecording.most, numbers[name] == nil { numbers[name] = count }
        }
        let time = node["time"]?.text.flatMap { CalendarTime.parse($0) } ?? .zero
        switch event {
        case "session.opened", "session.refused":
            guard order.count < LedgerRecording.most, open[name] == nil, let words = node["request"]?["line"]?.text else { return }
            let status = (node["status"] ?? node["response"]?["status"])?.number.flatMap { Int(exactly: $0) }
            var session = RecordedSession(
                number: 0, name: SessionID(name),
                request: RequestHead(copy: LedgerRecording.head(words, node["request"])), startedAt: time,
                status: event == "session.opened" ? 101 : status)
            session.hasRedactedHead = RecordedSession.isRedacted(session.request)
            if session.status == 101 {
                session.subprotocol = node["subprotocol"]?.text
                session.isCompressed = node["extensions"]?.text?.contains(PermessageDeflate.name) ?? false
            }
            open[name] = (session, time, nil)
            order.append(name)
        case "session.message":
            guard let known = open[name] else { return }
            guard let direction = Direction.allCases.first(where: { $0.name == node["direction"]?.text }),
                let type = node["type"]?.text
            else { return }
            guard type == "text" || type == "binary" else { return }
            // Of a compressed message the line has the size on the wire and, where it was inflated, that of the text.
            let size = node["compressed"] == .bool(true) ? node["inflated_size"] : node["size"]
            guard type == "text", let text = node["start"]?.text, Double(text.utf8.count) == size?.number else {
                open[name]?.why = "the ledger doesn't hold all of its messages (log.frames, log.frame_bytes)"
                return
            }
            open[name]?.session.messages.append(
                RecordedSession.Message(
                    direction: direction, at: time > known.openedAt ? time - known.openedAt : .zero, opcode: .text,
                    payload: Array(text.utf8)))
        case "session.closed":
            // What is known to lack already has its reason.
            guard let known = open[name], known.session.messages.isEmpty, known.why == nil else { return }
            for side in ["downstream", "upstream"] {
                if let counts = node[side]?["messages"], (counts["text"]?.number ?? 0) + (counts["binary"]?.number ?? 0) > 0 {
                    open[name]?.why = "the ledger has none of its messages (log.frames, log.frame_bytes)"
                }
            }
        default: break
        }
    }

    /// All sessions, each with the reason why it can't be replayed, if there is one. Those without an end are counted last.
    func finish(number: () -> UInt64) -> [(RecordedSession, String?)] {
        order.compactMap { name in
            guard var known = open[name] else { return nil }
            known.session.number = numbers[name] ?? number()
            return (known.session, known.why)
        }
    }

    /// A head from what the ledger tells of it.
    private static func head(_ start: String, _ request: JSONNode?) -> [UInt8] {
        var text = "\(Self.line(start.contains(" HTTP/") ? start : start + " HTTP/1.1"))\r\n"
        for field in request?["fields"]?.elements ?? [] {
            let pair = field.elements.compactMap { $0.text }
            if pair.count == 2, !pair[0].isEmpty { text += "\(line(pair[0])): \(line(pair[1]))\r\n" }
        }
        let lower = text.lowercased()
        // What stands in no line but has to stand in a head.
        for (name, value) in [
            ("Host", "recorded.invalid"), ("Connection", "Upgrade"), ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ] where !lower.contains("\r\n\(name.lowercased()):") {
            text += "\(name): \(value)\r\n"
        }
        return Array((text + "\r\n").utf8)
    }

    /// Text without what would begin another line.
    private static func line(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 >= 0x20 && $0 != 0x7F }, as: UTF8.self)
    }
}
