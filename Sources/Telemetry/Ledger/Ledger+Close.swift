public import Diagnosis
import WebSocketWire
public import Wire

/// `session.closed`: how a session ended, side by side.
extension Ledger {
    /// - Parameters:
    ///   - client: The peer of the downstream transport.
    ///   - endpoint: The endpoint's address, as `session.opened` had it.
    public func sessionClosed(
        _ session: SessionID, _ record: SessionRecord, client: SocketAddress, route: String, endpoint: String?,
        at time: Timestamp
    ) {
        write(
            "session.closed", level: record.verdict == nil ? .info : .warning, at: time, session: session,
            message: "a session ended"
        ) { line in
            line.field("duration_ms", milliseconds: record.duration)
            if let first = record.first { line.field("first", first.rawValue) }
            line.beginArray("order")
            for event in record.order { line.element(event) }
            line.endArray()
            line.field("downstream", record.downstream, redaction)
            line.field("upstream", record.upstream, redaction)
            line.field("route", route)
            if let endpoint { line.field("endpoint", endpoint) }
            line.field("client", address: client)
            if let hold = record.hold { line.field("hold", hold) }
            line.field("findings", record.findings, redaction)
            if let verdict = record.verdict { line.field("verdict", verdict, redaction) }
        }
    }
}

extension LineBuffer {
    /// What one side sent and how it ended.
    public mutating func field(_ key: StaticString, _ side: SessionRecord.SideRecord, _ redaction: LogRedaction) {
        beginObject(key)
        // 1005 never stands on the wire: it is a close frame without a code (RFC 6455 §7.4.1).
        if let code = side.closeCode ?? (side.closedWithoutCode ? 1005 : nil) { field("close_code", UInt64(code)) }
        if let reason = side.closeReason, !reason.isEmpty { field("close_reason", redacted: reason, redaction) }
        if let code = side.sentCode { field("close_code_sent", UInt64(code)) }
        if let end = side.endName { field("end", end) }
        beginObject("messages")
        field("text", side.counts.text.frames)
        field("binary", side.counts.binary.frames)
        endObject()
        beginObject("frames")
        field("continuation", side.counts.continuation.frames)
        field("text", side.counts.text.frames)
        field("binary", side.counts.binary.frames)
        field("close", side.counts.close.frames)
        field("ping", side.counts.ping.frames)
        field("pong", side.counts.pong.frames)
        endObject()
        field("bytes", side.bytes)
        field("idle_ms", milliseconds: side.idle)
        field("largest_silence_ms", milliseconds: side.largestSilence)
        if let heartbeat = side.heartbeat { field("heartbeat", heartbeat) }
        if let fault = side.fault {
            beginObject("fault")
            field("name", fault.fault.name)
            field("offset", fault.offset)
            endObject()
        }
        endObject()
    }
}

extension LineBuffer {
    /// What Gatehouse's pings to a side showed.
    public mutating func field(_ key: StaticString, _ heartbeat: HeartbeatFacts) {
        beginObject(key)
        field("pings", UInt64(heartbeat.pings))
        field("pongs", UInt64(heartbeat.pongs))
        if let last = heartbeat.last { field("rtt_last_ms", milliseconds: last) }
        if let median = heartbeat.median { field("rtt_median_ms", milliseconds: median) }
        if let longest = heartbeat.longest { field("rtt_max_ms", milliseconds: longest) }
        endObject()
    }
}
