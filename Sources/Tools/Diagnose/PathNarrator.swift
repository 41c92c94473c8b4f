import Diagnosis
import HTTPWire
import Probing
import TLSEngine
import Telemetry
import Wire

/// Tells the path of the handshakes as it is walked: a line for each step, at once.
struct PathNarrator {
    /// Where lines go; nil for nobody, as with `--json`.
    let page: ReportPage?
    let redaction: LogRedaction

    func named(_ host: String, _ addresses: [SocketAddress], _ remark: String) {
        row("name", "\(host) is \(addresses.map(\.host).joined(separator: ", "))\(remark.isEmpty ? "" : ", \(remark)")")
    }

    func unnamed(_ host: String, _ words: String) { row("name", "\(host) has no address: \(words)") }

    func step(_ step: HandshakePerformer.Step) {
        switch step {
        case .tried(let address, let outcome): row("tcp", "\(address) \(outcome)")
        case .tunnelled(let proxy): row("proxy", "\(proxy.host):\(proxy.port) opened a tunnel")
        case .notTunnelled(let proxy, let response):
            row("proxy", "\(proxy.host):\(proxy.port) answered \(response.text(response.lineRange, limit: 200))")
        case .secured(let facts):
            row("tls", "\(facts.version), \(facts.cipher)\(facts.applicationProtocol.map { ", \($0)" } ?? "")")
            certificate(facts)
        case .notSecured(let failure, let facts):
            row("tls", failure.sentence)
            if let facts { certificate(facts) }
        case .sent(let request):
            row("request", Redaction.requestLine(request))
            for name in [FieldName.host, .origin, .secWebSocketProtocol] {
                if let index = request.indices(of: name).first { row("", Redaction.field(request, index)) }
            }
        }
    }

    func answered(_ handshake: PerformedHandshake) {
        let observation = handshake.observation
        if let response = observation.response {
            let time = observation.timings.response.map { ", \($0.shown)" } ?? ""
            row("response", EchoedSecrets(handshake.request)(response.text(response.lineRange, limit: 200)) + time)
            for name in [FieldName.server, .via, .location] {
                if let index = response.indices(of: name).first {
                    row("", EchoedSecrets(handshake.request)(Redaction.field(response, index)))
                }
            }
        } else if observation.failure != nil, handshake.address != nil {
            row("response", ProbeOutcome(observation).text + (observation.timings.response.map { ", \($0.shown)" } ?? ""))
        }
    }

    func closed(_ record: SessionRecord, of handshake: PerformedHandshake) {
        row("session", EchoedSecrets(handshake.request)(record.ending(after: record.endedAfter)))
    }

    func probed(_ number: Int, _ change: String, _ outcome: ProbeOutcome) {
        row(number == 1 ? "probes" : "", "\(number < 10 ? " " : "")\(number)  \(change) → \(outcome.text)")
    }

    func held(_ outcome: HeldSession.Outcome) {
        row("session", "\(outcome.manner.words): \(EchoedSecrets(outcome.handshake.request)(outcome.ending))")
        for message in outcome.received { row("", "received: \(EchoedSecrets(outcome.handshake.request)(message))") }
    }

    private func certificate(_ facts: TLSFacts) {
        guard let peer = facts.peer else { return }
        let names = peer.names.isEmpty ? peer.subject : peer.names.prefix(6).joined(separator: ", ")
        row(
            "",
            "certificate for \(names); \(peer.notBefore.date) to \(peer.notAfter.date); issued by \(peer.issuer); \(facts.verification)"
        )
    }

    private func row(_ label: String, _ text: String) {
        guard let page else { return }
        Terminal.write(page.row(label, page.visible(text, redaction)))
    }
}

extension Timestamp {
    /// The day, `2026-01-31`.
    var date: String {
        var line = LineBuffer(capacity: 256)
        line.beginObject()
        line.field("time", time: self)
        line.finish()
        return String((LedgerValue(line.bytes())?["time"]?.text ?? "").prefix(10))
    }
}
