import Diagnosis
import HTTPWire
import Telemetry
import WebSocketWire
import Wire

/// Writes handshakes and messages as HAR 1.2, with `_webSocketMessages` as Chromium has them: one entry for each handshake, written as it
/// comes, so that a large capture needs no memory for it.
///
/// Times of messages are seconds since 1970, binary payloads are in base64. Control frames are in it too, by their opcodes; Chromium
/// leaves them out.
final class HARWriter {
    private let file: OutputFile
    private let redaction: LogRedaction
    private var isFirst = true
    /// What went wrong first; nothing is written from then on.
    private(set) var fault: OutputFile.Fault?

    init(_ file: OutputFile, version: String, _ redaction: LogRedaction) {
        self.file = file
        self.redaction = redaction
        put(
            "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"Gatehouse\",\"version\":\"\(version)\"},\"pages\":[],\"entries\":[\n"
        )
    }

    func add(_ session: AnalyzedSession, _ messages: MessageLog?) {
        guard let request = session.observation.request else { return }
        var line = LineBuffer(capacity: 64 << 10, valueLimit: 2 * MessageLog.longest, lineLimit: .max)
        line.beginObject()
        line.field("startedDateTime", time: session.observation.openedAt)
        line.field("time", milliseconds: session.endedAt - session.observation.openedAt)
        line.field("_resourceType", constant: "websocket")
        line.beginObject("request")
        line.field("method", request.text(request.methodRange, limit: 32))
        let host = request.effectiveHost.map { request.text($0, limit: 300) } ?? session.ends.server ?? "unknown.invalid"
        line.field("url", redacted: "ws://\(host)\(Redaction.target(request))", redaction, .target)
        line.field("httpVersion", constant: "HTTP/1.1")
        line.fields(request, redaction)
        line.beginArray("queryString")
        line.endArray()
        line.field("headersSize", request.bytes.count)
        line.field("bodySize", 0)
        line.endObject()
        response(session, into: &line)
        line.beginObject("cache")
        line.endObject()
        line.beginObject("timings")
        line.field("send", 0)
        line.field("wait", milliseconds: session.observation.timings.response ?? .zero)
        line.field("receive", 0)
        line.endObject()
        if let messages {
            line.beginArray("_webSocketMessages")
            for entry in messages.entries { line.add(entry, redaction) }
            line.endArray()
        }
        line.finish()
        if !isFirst { put(",\n") }
        isFirst = false
        // Without the newline that a line has.
        put(Array(line.bytes().dropLast()))
    }

    /// Ends the document.
    func finish() {
        put("\n]}}\n")
        file.close()
    }

    private func response(_ session: AnalyzedSession, into line: inout LineBuffer) {
        line.beginObject("response")
        let response = session.observation.response
        line.field("status", response?.status ?? 0)
        line.field("statusText", response.map { $0.text($0.reasonRange, limit: 200) } ?? "")
        line.field("httpVersion", constant: "HTTP/1.1")
        if let response { line.fields(response, redaction) }
        line.beginObject("content")
        line.field("size", session.observation.bodyStart.count)
        line.field("mimeType", response?.value(of: .contentType).map { response?.text($0, limit: 100) ?? "" } ?? "")
        if !session.observation.bodyStart.isEmpty, response?.status != 101 {
            line.field("text", redacted: String(decoding: session.observation.bodyStart, as: UTF8.self), redaction)
        }
        line.endObject()
        line.field("redirectURL", constant: "")
        line.field("headersSize", response?.bytes.count ?? -1)
        line.field("bodySize", -1)
        line.endObject()
    }

    private func put(_ text: String) { put(Array(text.utf8)) }

    private func put(_ bytes: [UInt8]) {
        guard fault == nil else { return }
        do throws(OutputFile.Fault) { try file.write(bytes) } catch { fault = error }
    }
}

extension LineBuffer {
    fileprivate mutating func fields(_ head: MessageHead, _ redaction: LogRedaction) {
        beginArray("cookies")
        endArray()
        beginArray("headers")
        for index in head.fields.indices {
            let name = head.text(head.fields[index].name, limit: 100)
            beginObject()
            field("name", name)
            // The field as evidence shows it: what is secret in it is left out.
            field("value", redacted: String(Redaction.field(head, index).dropFirst(name.count + 2)), redaction)
            endObject()
        }
        endArray()
    }

    fileprivate mutating func add(_ entry: MessageLog.Entry, _ redaction: LogRedaction) {
        let message = entry.message
        beginObject()
        field("type", constant: entry.direction == .clientToServer ? "send" : "receive")
        // Seconds with milliseconds: the formatter divides by a million.
        field("time", milliseconds: TimeSpan(nanoseconds: entry.time.nanoseconds / 1000))
        field("opcode", UInt64(message.opcode.number))
        if message.opcode == .text {
            field("data", redacted: String(decoding: message.excerpt, as: UTF8.self), redaction)
        } else {
            field("data", HARWriter.base64(message.excerpt))
        }
        endObject()
    }
}

extension HARWriter {
    /// RFC 4648 §4, padded.
    static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 4 / 3 + 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for (index, byte) in group.enumerated() { word |= UInt32(byte) << UInt32(16 - 8 * index) }
            for index in 0..<4 {
                text.append(index <= group.count ? alphabet[Int(word >> UInt32(18 - 6 * index) & 63)] : 0x3D)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
