import HTTPWire
import Wire

/// What came back on a probe, as far as the plan compares it.
public struct ProbeOutcome: Sendable, Hashable {
    /// The status code; nil without an answer.
    public let status: Int?
    /// A 101 that a browser accepts.
    public let isAccepted: Bool
    /// "101", "403", "closed without an answer".
    public let text: String
    /// Whether an answer came, or a certificate that was not accepted: on a probe over TLS, that the port speaks it.
    let isFromTLS: Bool
    /// Whether a probe over TLS shows that the port doesn't speak it; an alert, or silence, shows nothing.
    let showsNoTLS: Bool
    /// Whether the peer hung up during the TLS handshake: as who speaks none does, and as who routes by names and doesn't know this one.
    let hangsUpOverTLS: Bool
    /// Whether a hop or an edge answered by itself, so that the answer says nothing about what lies behind it.
    let isHopsOwn: Bool
    /// Whether Node, or a framework on it, wrote the answer.
    let isByNode: Bool
    /// What makes two answers the same: status, reason phrase, names of fields, body without the path that was asked for.
    let likeness: [UInt8]
    /// The part of it that is no body: what stays the same where bodies name a time or an id.
    let shape: [UInt8]
    /// The body's start as it came.
    let body: [UInt8]
    /// What the answer says about the reason.
    let signs: SignSet
    /// The body's sentence, for evidence.
    let excerpt: String

    /// Reads what was observed of the probe's handshake.
    public init(_ observation: HandshakeObservation) {
        var reading = SignReading()
        guard let response = observation.response else {
            status = nil
            isAccepted = false
            text = ProbeOutcome.words(observation.failure)
            isFromTLS =
                if case .upstreamTLS(let kind, _) = observation.failure {
                    kind.hasPrefix("certificate_") || kind.hasPrefix("client_certificate_")
                } else {
                    false
                }
            showsNoTLS =
                if case .upstreamTLS(let kind, _) = observation.failure {
                    ["plain_http_on_tls_port", "not_tls"].contains(kind)
                } else {
                    false
                }
            hangsUpOverTLS = if case .upstreamTLS("truncated", _) = observation.failure { true } else { false }
            isHopsOwn = false
            isByNode = false
            likeness = Array(text.utf8)
            shape = likeness
            body = []
            signs = []
            excerpt = ""
            return
        }
        status = response.status
        isFromTLS = true
        showsNoTLS = false
        hangsUpOverTLS = false
        isAccepted = observation.request.map { UpgradeResponseCheck.isValid101($0, response) } ?? false
        text = isAccepted || response.status != 101 ? "\(response.status)" : "101, but not a valid one"
        BodyPhrases.shared.read(observation.bodyStart, 0..<observation.bodyStart.count, into: &reading) { .body($0) }
        signs = reading.set
        excerpt = observation.bodyStart.printable(0..<observation.bodyStart.count, limit: 160)
        shape = ProbeOutcome.shape(response)
        body = observation.bodyStart
        likeness = shape + ProbeOutcome.bodyWithoutPath(observation)
        var authors = SignReading(keepsTraces: false)
        _ = ResponseReading.read(response, observation, into: &authors)
        isHopsOwn = authors.has(.byIntermediary) || authors.has(.byEdge)
        isByNode = authors.has(.byPlainNode) || authors.has(.byNodeWs)
    }

    /// The likeness without digits: a time of day or a counter is no difference, and no sameness either.
    var digitless: [UInt8] { likeness.filter { !(0x30...0x39).contains($0) } }

    private static func shape(_ response: ResponseHead) -> [UInt8] {
        var bytes = Array("\(response.status) ".utf8) + Array(response.bytes[response.reasonRange])
        for field in response.fields { bytes += [0x0A] + response.bytes[field.name].map(\.asLowercase) }
        return bytes + [0x0A]
    }

    /// The path that servers repeat in their pages is no difference.
    private static func bodyWithoutPath(_ observation: HandshakeObservation) -> [UInt8] {
        guard let request = observation.request, request.pathRange.count > 1 else { return observation.bodyStart }
        return replacing(Array(request.bytes[request.pathRange]), in: observation.bodyStart, by: [0x2A])
    }

    /// `body` with `other` wherever it has `text`.
    static func replacing(_ text: [UInt8], in body: [UInt8], by other: [UInt8]) -> [UInt8] {
        guard let first = text.first else { return body }
        var bytes: [UInt8] = []
        var position = 0
        while position < body.count {
            if position + text.count <= body.count, body[position] == first,
                body[position..<position + text.count].elementsEqual(text)
            {
                bytes += other
                position += text.count
            } else {
                bytes.append(body[position])
                position += 1
            }
        }
        return bytes
    }

    private static func words(_ failure: HandshakeFailure?) -> String {
        switch failure {
        case nil: "no answer"
        case .responseHeadTimedOut, .clientGone: "no answer in time"
        case .closedBeforeResponse(let end, _): end.isReset ? "reset without an answer" : "closed without an answer"
        case .upstreamRefused: "connection refused"
        case .connectTimedOut, .connectFailed: "no connection"
        case .upstreamTLS: "TLS failed"
        case .notHTTP: "not HTTP"
        case .some(let other): other.name
        }
    }
}
