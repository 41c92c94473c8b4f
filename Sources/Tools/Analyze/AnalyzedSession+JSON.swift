import CaptureFile
import Diagnosis
import HTTPWire
import Telemetry
import Wire

/// One handshake or session as one JSON object: what `--json` prints, and what people's text is laid out from.
extension AnalyzedSession {
    /// One line, ended by a newline. Every foreign text in it is escaped, and secrets are left out.
    func json(_ redaction: LogRedaction) -> [UInt8] {
        var line = LineBuffer(capacity: 4096, lineLimit: 256 << 10)
        line.beginObject()
        line.field("event", constant: "session")
        line.field("number", number)
        if let session { line.field("session", session: session) }
        line.field("outcome", outcome.rawValue)
        line.field("time", time: observation.openedAt)
        if let client = ends.client { line.field("client", redacted: client, redaction) }
        if let server = ends.server { line.field("server", redacted: server, redaction) }
        handshake(into: &line, redaction)
        if let record { members(of: record, into: &line, redaction) }
        if let transport { members(of: transport, into: &line) }
        line.field("findings", findings, redaction)
        if let verdict { line.field("verdict", verdict, redaction) } else { line.null("verdict") }
        line.beginArray("unseen")
        for sentence in unseen { line.element(sentence) }
        line.endArray()
        line.finish()
        return line.bytes()
    }

    private func handshake(into line: inout LineBuffer, _ redaction: LogRedaction) {
        if let request = observation.request {
            line.field("request", redacted: Redaction.requestLine(request), redaction, .startLine)
            for (key, name) in [("host" as StaticString, FieldName.host), ("origin", .origin)] {
                if let value = request.value(of: name) { line.field(key, redacted: request.text(value, limit: 300), redaction) }
            }
        }
        if let response = observation.response {
            line.field("status", ownStatus ?? response.status)
            for (key, name) in [
                ("subprotocol" as StaticString, FieldName.secWebSocketProtocol), ("extensions", .secWebSocketExtensions),
            ] {
                if let value = response.value(of: name) { line.field(key, redacted: response.text(value, limit: 300), redaction) }
            }
        }
        if let ownStatus, observation.response == nil { line.field("status", ownStatus) }
        if let failure = observation.failure { line.field("failure", failure.name) }
        if let responder = judgement.responder, record == nil { line.field("answered_by", responder, redaction) }
        line.beginObject("ms")
        if let span = observation.timings.connect { line.field("connect", milliseconds: span) }
        if let span = observation.timings.response { line.field("response", milliseconds: span) }
        line.endObject()
    }

    private func members(of record: SessionRecord, into line: inout LineBuffer, _ redaction: LogRedaction) {
        line.field("duration_ms", milliseconds: record.endedAfter)
        if let first = record.first { line.field("first", first.rawValue) }
        line.beginArray("order")
        for event in record.order { line.element(event) }
        line.endArray()
        line.beginObject("messages")
        line.field("client", record.downstream.messages)
        line.field("server", record.upstream.messages)
        line.endObject()
        line.field("downstream", record.downstream, redaction)
        line.field("upstream", record.upstream, redaction)
        line.beginObject("heartbeats")
        line.field("client", facts.heartbeats.client)
        line.field("server", facts.heartbeats.server)
        line.endObject()
        line.beginObject("silence")
        line.field("longest_ms", milliseconds: facts.silence)
        if facts.silence > .zero { line.field("from", time: facts.silenceFrom) }
        line.endObject()
    }

    private func members(of transport: CapturedConnection, into line: inout LineBuffer) {
        line.beginObject("transport")
        line.field("connection", transport.number)
        if let span = transport.handshake.toServer { line.field("to_server_ms", milliseconds: span) }
        if let span = transport.handshake.toClient { line.field("to_client_ms", milliseconds: span) }
        line.field("retransmissions", UInt64(transport.retransmissions))
        line.field("out_of_order", UInt64(transport.outOfOrder))
        line.field("zero_windows", UInt64(transport.zeroWindows))
        line.field("missing_bytes", transport.missing)
        line.endObject()
    }
}

extension LineBuffer {
    /// Pings of one side, their intervals, and how long the pongs took.
    fileprivate mutating func field(_ key: StaticString, _ heartbeat: SessionFacts.Heartbeat) {
        beginObject(key)
        field("pings", heartbeat.pings)
        if heartbeat.pings > 1 {
            field("interval_least_ms", milliseconds: heartbeat.interval.least)
            field("interval_most_ms", milliseconds: heartbeat.interval.most)
        }
        if let mean = heartbeat.meanRoundTrip {
            field("answered", heartbeat.answered)
            field("round_trip_ms", milliseconds: mean)
            field("round_trip_most_ms", milliseconds: heartbeat.roundTrip.most)
        }
        endObject()
    }
}
