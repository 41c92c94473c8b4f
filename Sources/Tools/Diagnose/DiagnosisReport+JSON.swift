import Diagnosis
import HTTPWire
import Probing
import TLSEngine
import Telemetry
import Wire

/// The report as one JSON object: what `--json` prints, and what the text for people is laid out from.
extension DiagnosisReport {
    /// One line, ended by a newline. Every foreign text in it is escaped, and secrets are left out.
    func json(_ redaction: LogRedaction) -> [UInt8] {
        let mask = EchoedSecrets(first.request)
        var line = LineBuffer(lineLimit: 256 << 10)
        line.beginObject()
        line.field("url", redacted: mask(url), redaction, .target)
        if let verdict = judgement.verdict { line.field("verdict", mask(verdict), redaction) } else { line.null("verdict") }
        if let responder = judgement.responder, judgement.verdict == nil { line.field("answered_by", responder, redaction) }
        line.beginArray("handshakes")
        line.handshake(first, nil, mask, redaction)
        for (index, probe) in probes.enumerated() {
            line.handshake(probe, index < outcomes.count ? outcomes[index] : nil, mask, redaction)
        }
        for held in held { line.handshake(held.handshake, nil, mask, redaction) }
        line.endArray()
        if !held.isEmpty || first.closing != nil {
            line.beginArray("sessions")
            if let closing = first.closing { line.session(closing, mask, redaction) }
            for held in held { line.session(held, mask, redaction) }
            line.endArray()
        }
        if let tls = first.tls { line.field("tls", tls, redaction) }
        line.field("findings", judgement.findings, redaction)
        line.beginArray("unseen")
        for sentence in unseen { line.element(sentence) }
        line.endArray()
        if options.showsCurl {
            line.beginArray("curl")
            for handshake in decisivePair { line.element(redacted: mask(CurlCommand.text(handshake, options)), redaction) }
            line.endArray()
        }
        line.finish()
        return line.bytes()
    }

    /// The handshake that was asked for, and the one whose single change was accepted.
    private var decisivePair: [PerformedHandshake] { [first] + (decisive.map { [$0] } ?? []) }

    /// As it was asked for, without the values of the query's secrets.
    private var url: String {
        "\(options.place.isSecure ? "wss" : "ws")://\(options.place.authority)\(Redaction.target(first.request))"
    }
}

extension LineBuffer {
    fileprivate mutating func handshake(
        _ performed: PerformedHandshake, _ outcome: ProbeOutcome?, _ mask: EchoedSecrets, _ redaction: LogRedaction
    ) {
        let observation = performed.observation
        beginObject()
        if let change = performed.change { field("change", redacted: mask(change), redaction) } else { null("change") }
        field("request", redacted: mask(Redaction.requestLine(performed.request)), redaction, .startLine)
        field("tls", performed.isSecure)
        if let address = performed.address { field("address", address: address) }
        if let response = observation.response {
            field("status", response.status)
            field("response", redacted: mask(response.text(response.lineRange, limit: 200)), redaction)
        }
        if let failure = observation.failure { field("failure", failure.name) }
        if performed.isCut { field("cut", true) }
        field("outcome", redacted: mask((outcome ?? ProbeOutcome(observation)).text), redaction)
        beginObject("ms")
        if let span = observation.timings.connect { field("connect", milliseconds: span) }
        if let span = observation.timings.tls { field("tls", milliseconds: span) }
        if let span = observation.timings.response { field("response", milliseconds: span) }
        if let span = observation.timings.total { field("total", milliseconds: span) }
        endObject()
        endObject()
    }

    /// The session that was only watched, and that the server ended.
    fileprivate mutating func session(_ record: SessionRecord, _ mask: EchoedSecrets, _ redaction: LogRedaction) {
        beginObject()
        field("manner", "watched for a moment")
        field("open", false)
        field("lived_ms", milliseconds: record.endedAfter)
        field("end", redacted: mask(record.ending(after: record.endedAfter)), redaction)
        endObject()
    }

    fileprivate mutating func session(_ held: HeldSession.Outcome, _ mask: EchoedSecrets, _ redaction: LogRedaction) {
        beginObject()
        field("manner", held.manner.words)
        field("open", held.isOpen)
        field("lived_ms", milliseconds: held.lived)
        field("end", redacted: mask(held.ending), redaction)
        if !held.received.isEmpty {
            beginArray("received")
            for message in held.received { element(redacted: mask(message), redaction) }
            endArray()
        }
        endObject()
    }

    fileprivate mutating func field(_ key: StaticString, _ tls: TLSFacts, _ redaction: LogRedaction) {
        beginObject(key)
        field("version", tls.version)
        field("cipher", tls.cipher)
        if let name = tls.applicationProtocol { field("alpn", name) }
        if let peer = tls.peer {
            beginArray("names")
            for name in peer.names.prefix(20) { element(name) }
            endArray()
            field("subject", peer.subject)
            field("issuer", peer.issuer)
            field("not_before", time: peer.notBefore)
            field("not_after", time: peer.notAfter)
        }
        field("verification", tls.verification)
        endObject()
    }
}
