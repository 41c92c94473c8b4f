import CaptureFile
import Glibc
import Telemetry
import Wire

/// The lines of a ledger that a bundle is about.
///
/// They were redacted when they were written. Texts of messages, which no rule can judge, are left out unless they are asked for.
struct LedgerExtract {
    private(set) var lines: [LedgerLine] = []
    /// Names of the sessions that the lines are about.
    private(set) var sessions: Set<SessionID> = []
    /// Lines that were left out because there are too many.
    private(set) var omitted = 0
    private var size = 0
    private var started: LedgerLine?

    private let wanted: Set<SessionID>
    private let from: Timestamp
    private let keepsPayloads: Bool

    /// Bytes of lines that a bundle takes.
    static let limit = 64 << 20

    /// - Parameters:
    ///   - wanted: the sessions; empty for all.
    ///   - from: the earliest time.
    init(sessions wanted: [SessionID], from: Timestamp, keepsPayloads: Bool) {
        self.wanted = Set(wanted)
        self.from = from
        self.keepsPayloads = keepsPayloads
    }

    /// Reads a file.
    mutating func read(_ path: String) throws(CommandFault) {
        guard let file = fopen(path, "re") else {
            throw CommandFault(sentence: "the ledger \(path) can't be read: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        while let bytes = TextFile.line(of: file) { take(bytes) }
    }

    /// Takes a line if it is one of those.
    mutating func take(_ bytes: [UInt8]) {
        guard let line = LedgerLine(bytes), let event = line.text("event") else { return }
        if event == "process.started" { started = line }
        let session = line.text("session").flatMap { SessionID($0) }
        if wanted.isEmpty {
            // Plain requests are no part of a WebSocket's story.
            guard event != "http.request", let time = line.text("time").flatMap({ CalendarTime.parse($0) }), time >= from else {
                return
            }
        } else {
            guard let session, wanted.contains(session) else { return }
        }
        guard size + bytes.count <= LedgerExtract.limit else {
            omitted += 1
            return
        }
        // Which version wrote them, and how it was started.
        if lines.isEmpty, let started, event != "process.started" { lines.append(started) }
        if let session { sessions.insert(session) }
        size += bytes.count
        let isMessage = event == "session.message" && !keepsPayloads
        lines.append(isMessage ? LedgerLine(line.without("start")) ?? line : line)
    }

    /// All lines, as they stand in the ledger.
    var text: [UInt8] { lines.flatMap { $0.bytes + [0x0A] } }

    /// What people read: the lines of sessions, laid out.
    var pages: String {
        let renderer = PrettyRenderer(colour: false)
        return lines.filter { $0.text("event")?.hasPrefix("session.") == true && $0.text("event") != "session.message" }
            .map { renderer.render(line: $0.bytes) }.joined()
    }

    /// The verdicts, as JSON.
    var verdicts: [UInt8] {
        var bytes = Array("{\"verdicts\":[".utf8)
        var isFirst = true
        for line in lines {
            guard let verdict = line.raw("verdict"), verdict.first == 0x7B else { continue }
            bytes += Array(isFirst ? "\n{".utf8 : ",\n{".utf8)
            isFirst = false
            for name in ["session", "time", "event"] {
                if let value = line.raw(name) { bytes += Array("\"\(name)\":".utf8) + value + [0x2C] }
            }
            bytes += Array("\"verdict\":".utf8) + verdict + [0x7D]
        }
        return bytes + Array("\n]}\n".utf8)
    }

    /// Requests and responses as they were on the wire, but for their secrets.
    var heads: String {
        var text = ""
        for line in lines {
            for name in ["request", "response"] {
                guard let raw = line.raw(name), let head = LedgerValue(raw), let start = head["line"]?.text else { continue }
                text += "--- \(line.text("session") ?? "")  \(line.text("time") ?? "")  \(name)\n\(start)\n"
                for field in head["fields"]?.elements ?? [] {
                    text += field.elements.compactMap(\.text).joined(separator: ": ") + "\n"
                }
                if let body = head["body_start"]?.text { text += "\n\(body)\n" }
                text += "\n"
            }
        }
        return text
    }
}
