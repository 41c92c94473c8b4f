import Telemetry
import WebSocketWire
import Wire

/// A conversation, line by line.
extension MessageLog {
    func text(_ page: ReportPage, _ redaction: LogRedaction) -> String {
        var text = ""
        for entry in entries {
            let arrow = entry.direction == .clientToServer ? "→" : "←"
            let message = entry.message
            var words = "\(AnalysisReport.clock(entry.time))  \(arrow) \(message.opcode.name) \(message.size)"
            if let inflated = message.inflatedSize { words += " (inflated \(inflated))" }
            if message.fragments > 1 { words += ", \(message.fragments) frames" }
            let content = shown(message)
            text += "    \(words)\(content.isEmpty ? "" : "  ")\(page.visible(content, redaction))\n"
        }
        if isLost { text += page.row("", "what follows is not shown: bytes are missing", .quiet) }
        if omitted > 0 {
            text += page.row("", "\(omitted) more are not shown: \(omission.words)", .quiet)
        }
        return text
    }

    /// One line for each message, and one more where there are others: `omitted` of a message counts bytes, that of the session messages.
    func json(_ number: UInt64, _ redaction: LogRedaction) -> [UInt8] {
        var bytes: [UInt8] = []
        var line = LineBuffer(capacity: 4096, valueLimit: 64 << 10, lineLimit: 1 << 20)
        for entry in entries {
            line.clear()
            line.beginObject()
            line.field("event", constant: "message")
            line.field("number", number)
            line.field("time", time: entry.time)
            line.field("direction", entry.direction.name)
            line.field("type", entry.message.opcode.name)
            line.field("offset", entry.message.offset)
            line.field("size", entry.message.size)
            line.field("compressed", entry.message.isCompressed)
            if let inflated = entry.message.inflatedSize { line.field("inflated_size", inflated) }
            line.field("frames", entry.message.fragments)
            let rest = (entry.message.inflatedSize ?? entry.message.size) &- UInt64(entry.message.excerpt.count)
            if !entry.message.isWhole { line.field("omitted", rest) }
            if let close = close(entry.message) {
                if let code = close.code { line.field("code", UInt64(code.rawValue)) }
                line.field("reason", redacted: close.reason, redaction)
            } else if entry.message.opcode == .text {
                line.field("text", redacted: String(decoding: entry.message.excerpt, as: UTF8.self), redaction)
            } else {
                line.field("hexadecimal", MessageLog.hexadecimal(entry.message.excerpt.prefix(4096)))
            }
            line.finish()
            bytes += line.bytes()
        }
        guard isCut else { return bytes }
        line.clear()
        line.beginObject()
        line.field("event", constant: "messages.omitted")
        line.field("number", number)
        line.field("omitted", omitted)
        line.field("gap", isLost)
        line.finish()
        return bytes + line.bytes()
    }

    private func shown(_ message: MessageObserver.Message) -> String {
        if let close = close(message) { return "\(close.code.map { "\($0.rawValue)" } ?? "no code") \(close.reason)" }
        if message.opcode == .text { return String(decoding: message.excerpt.prefix(2000), as: UTF8.self) }
        return MessageLog.hexadecimal(message.excerpt.prefix(32))
    }

    private func close(_ message: MessageObserver.Message) -> CloseFrame? {
        message.opcode == .close ? CloseFrame(payload: message.excerpt.span.bytes) : nil
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }
}
