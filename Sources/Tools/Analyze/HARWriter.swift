import Diagnosis
import HTTPWire
import Telemetry
import WebSocketWire
import Wire

/// Writes handshakes and messages as HAR 1.2, with `_webSocketMessages` as Chromium has them: one entry for each handshake, written as it
/// comes, so that a large capture needs no memory for it.
///
/// Times of messages are seconds since 1970, binary payloads are in base64. Control frames are in it too, by their opcodes; Chromium
/// leaves them out. It is what `replay` reads: secrets of the heads are left out, payloads stand as the capture has them, and a session of
/// which messages are not in it, or not whole, says so in a member `_gatehouse`.
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
        line.field("url", redacted: "ws://\(host)\(HARHead.target(request))", redaction, .target)
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
            for entry in messages.entries where entry.message.fitsHAR { line.add(entry) }
            line.endArray()
            line.omissions(of: messages)
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
            field("value", redacted: HARHead.value(head, index), redaction)
            endObject()
        }
        endArray()
    }

    fileprivate mutating func add(_ entry: MessageLog.Entry) {
        let message = entry.message
        beginObject()
        field("type", constant: entry.direction == .clientToServer ? "send" : "receive")
        // Seconds with milliseconds: the formatter divides by a million.
        field("time", milliseconds: TimeSpan(nanoseconds: entry.time.nanoseconds / 1000))
        field("opcode", UInt64(message.opcode.number))
        if message.opcode == .text {
            field("data", String(decoding: message.excerpt, as: UTF8.self))
        } else {
            field("data", Base64.encode(message.excerpt))
        }
        endObject()
    }

    /// What of a session's messages is not in the document; nothing where all are.
    fileprivate mutating func omissions(of messages: MessageLog) {
        var (size, kept): (UInt64, UInt64) = (0, 0)
        var omitted = messages.omitted
        for message in messages.entries.lazy.map(\.message) {
            size += message.inflatedSize ?? message.size
            if message.fitsHAR { kept += UInt64(message.excerpt.count) } else { omitted += 1 }
        }
        guard omitted > 0 || messages.isLost else { return }
        beginObject("_gatehouse")
        field("omitted", omitted)
        // Of those whose size is known: payload bytes in the capture, and in this document.
        field("size", size)
        field("kept", kept)
        field("gap", messages.isLost)
        endObject()
    }
}

extension MessageObserver.Message {
    /// Whether it can be read out of a HAR as it was: whole, and UTF-8 if it says that it is text.
    fileprivate var fitsHAR: Bool { isWhole && (opcode != .text || UTF8Validator.isValid(excerpt.span.bytes)) }
}
