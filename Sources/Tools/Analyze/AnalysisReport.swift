import CaptureFile
import Diagnosis
import Telemetry
import Wire

/// What `analyze` tells at the end, for people and as JSON.
struct AnalysisReport {
    struct File {
        var path: String
        var ending: CaptureStream.Ending?
        /// What was read of it, where it isn't a capture of packets.
        var kind: String?
        /// How long it was, where it isn't a capture of packets.
        var bytes: UInt64?
        var fault: String?
    }

    var files: [File]
    var summary: AnalysisSummary
    var counts: CaptureCounts
    var packets: SegmentDecoder.Counts
    var transport: TCPReassembler.Counts
    var seconds: Double
    /// What else could not be seen, one sentence each.
    var furtherLimits: [String] = []

    /// The kind of what is no file but an interface.
    static let live = "live capture"

    /// Bytes of all files, and of what came from no file.
    var bytes: UInt64 { files.reduce(counts.bytes) { $0 &+ ($1.bytes ?? 0) } }

    /// Whether there were packets to count: files of JSON know nothing of packets, connections and transport.
    var hasPackets: Bool { counts.packets > 0 || files.contains { $0.ending != nil || $0.kind == AnalysisReport.live } }

    /// Why the answer may not be whole, one sentence each.
    var limits: [String] {
        var limits = ["a capture can't be probed: causes that only a further handshake could tell apart stay likely or possible"]
        for file in files {
            guard let ending = file.ending else { continue }
            if let fault = ending.fault { limits.append("\(file.path): \(fault)") }
            if ending.leftover > 0, ending.fault == nil {
                limits.append("\(file.path) is cut: its last \(ending.leftover) bytes are no whole record and were left out")
            }
            if ending.orphans > 0 {
                limits.append("\(file.path): \(ending.orphans) packets name an interface that isn't described")
            }
        }
        if counts.tls > 0 {
            limits.append(
                "\(counts.tls) connections are encrypted with TLS: only a capture behind the TLS end, or Gatehouse's own tap, shows them"
            )
        }
        if counts.midStream > 0 {
            limits.append(
                "\(counts.midStream) connections began before the capture and show no HTTP head: whether they are WebSockets isn't known"
            )
        }
        if transport.missingBytes > 0 {
            limits.append("\(transport.missingBytes) bytes are not in the capture (lost, or cut by the snapshot length)")
        }
        if transport.letGo > 0 {
            limits.append("\(transport.letGo) connections were let go because more than 131,072 were open at a time")
        }
        if counts.ranBack > 0 { limits.append("\(counts.ranBack) packets have a time before the packet in front of them") }
        if packets.unknownLink > 0 { limits.append("\(packets.unknownLink) packets have a link layer that isn't read") }
        if packets.malformed > 0 { limits.append("\(packets.malformed) packets have headers that contradict their length") }
        if packets.fragmentsDropped > 0 { limits.append("\(packets.fragmentsDropped) fragmented packets never came together") }
        return limits + furtherLimits
    }

    /// One line, ended by a newline: the last one of `--json`.
    func json(_ redaction: LogRedaction) -> [UInt8] {
        var line = LineBuffer(capacity: 8192, lineLimit: 1 << 20)
        line.beginObject()
        line.field("event", constant: "analysis")
        line.beginArray("files")
        for file in files {
            line.beginObject()
            line.field("path", file.path)
            if let ending = file.ending {
                line.field("packets", ending.packets)
                line.field("bytes", ending.bytes)
                if ending.leftover > 0 { line.field("cut_bytes", ending.leftover) }
                if let fault = ending.fault { line.field("fault", fault.description) }
            }
            if let kind = file.kind { line.field("kind", kind) }
            if let bytes = file.bytes { line.field("bytes", bytes) }
            if let fault = file.fault { line.field("fault", fault) }
            line.endObject()
        }
        line.endArray()
        if counts.first != .never {
            line.field("first", time: counts.first)
            line.field("last", time: counts.last)
        }
        if hasPackets { packetMembers(into: &line) }
        line.beginObject("sessions")
        line.field("handshakes", summary.count)
        for (outcome, key) in AnalysisReport.outcomes { line.field(key, summary.outcomes[outcome] ?? 0) }
        line.field("messages", summary.messages)
        line.endObject()
        line.beginArray("causes")
        for row in summary.causes {
            line.beginObject()
            line.field("cause", row.cause.rawValue)
            line.field("count", row.count)
            line.field("title", redacted: row.title, redaction)
            if row.isMixed {
                line.beginArray("titles")
                for (title, count) in row.titles {
                    line.beginObject()
                    line.field("title", redacted: title, redaction)
                    line.field("count", count)
                    line.endObject()
                }
                line.endArray()
            }
            line.field("confidence", row.confidence.rawValue)
            line.field("first", time: row.first)
            line.field("last", time: row.last)
            line.beginArray("sessions")
            for number in row.sessions { line.element("\(number)") }
            line.endArray()
            line.endObject()
        }
        line.endArray()
        line.beginArray("timers")
        for sentence in summary.timers.sentences { line.element(redacted: sentence, redaction) }
        line.endArray()
        line.beginArray("silences")
        for silence in summary.silences {
            line.beginObject()
            line.field("session", silence.session)
            line.field("ms", milliseconds: silence.span)
            line.field("from", time: silence.from)
            line.endObject()
        }
        line.endArray()
        line.beginArray("unseen")
        for sentence in limits { line.element(sentence) }
        line.endArray()
        line.finish()
        return line.bytes()
    }

    private func packetMembers(into line: inout LineBuffer) {
        line.beginObject("connections")
        line.field("all", transport.connections)
        line.field("http", counts.http)
        line.field("tls", counts.tls)
        line.field("other", counts.other)
        line.field("mid_stream", counts.midStream)
        line.field("refused", transport.refused)
        line.field("let_go", transport.letGo)
        line.endObject()
        line.beginObject("transport")
        line.field("payload_bytes", transport.payloadBytes)
        line.field("missing_bytes", transport.missingBytes)
        line.field("retransmissions", transport.retransmissions)
        line.field("out_of_order", transport.outOfOrder)
        line.endObject()
    }

    static let outcomes: [(AnalyzedSession.Outcome, StaticString)] = [
        (.closed, "closed"), (.broken, "broken"), (.open, "open"), (.refused, "refused"), (.declined, "declined"),
        (.unanswered, "unanswered"),
    ]
}
