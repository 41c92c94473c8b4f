import HTTPWire
import Wire

/// Quotes from a handshake what a sign was read from: verbatim, with its place, secrets left out.
struct HandshakeQuotes {
    let observation: HandshakeObservation
    let reading: SignReading

    func quote(_ sign: Sign) -> Evidence? {
        if let further = observation.furtherEvidence.first(where: { $0.sign == sign }) { return further.evidence }
        guard let trace = reading.trace(of: sign) else { return nil }
        switch trace {
        case .requestLine:
            guard let request = observation.request else { return nil }
            return Evidence(
                what: "request line", observed: Redaction.requestLine(request), location: .downstream(request.lineRange))
        case .requestField(let name): return requestField(name, sign)
        case .requestFieldAt(let index):
            guard let request = observation.request, index < request.fields.count else { return nil }
            let field = request.fields[index]
            let note =
                field.value.count > 300
                ? "\(request.bytes.printable(field.name, limit: 60)): (\(field.value.count) bytes)"
                : Redaction.field(request, index)
            return Evidence(
                what: "request field", observed: note, location: .downstream(field.name.lowerBound..<field.value.upperBound))
        case .statusLine:
            guard let response = observation.response else { return nil }
            return Evidence(
                what: "status line", observed: response.bytes.printable(response.lineRange, limit: 200),
                location: .upstream(response.lineRange))
        case .responseField(let name):
            guard let response = observation.response else { return nil }
            return Evidence(
                what: "response field", observed: response.firstFieldText(name) ?? "no such field", expected: expected(sign),
                location: response.firstFieldRange(name).map { .upstream($0) })
        case .responseFieldAt(let index):
            guard let response = observation.response, index < response.fields.count else { return nil }
            return Evidence(what: "response field", observed: Redaction.field(response, index))
        case .body(let range): return body(range)
        case .failure: return failure
        case .note(let text): return Evidence(what: "observation", observed: text)
        }
    }

    private func requestField(_ name: FieldName, _ sign: Sign) -> Evidence? {
        guard let request = observation.request else { return nil }
        let expected: String? =
            switch sign {
            case .originOtherHost, .originSiblingHost, .originOtherPort:
                request.value(of: .host).map { "an Origin for the host " + request.bytes.printable($0, limit: 100) }
            case .upgradeFieldMissing: "Upgrade: websocket"
            case .connectionTokenMissing: "Connection: Upgrade"
            case .keyMissing, .keyMalformed, .keyRepeated: "16 random bytes in base64, once"
            case .versionMissing, .versionUnsupported: "Sec-WebSocket-Version: 13"
            default: nil
            }
        return Evidence(
            what: "request field", observed: request.firstFieldText(name) ?? "no field \(name)", expected: expected,
            location: request.firstFieldRange(name).map { .downstream($0) })
    }

    private func expected(_ sign: Sign) -> String? {
        guard let request = observation.request, let fault = ResponseFault.allCases.first(where: { $0.sign == sign }) else {
            return nil
        }
        return fault.expected(request)
    }

    /// The sentence around the phrase, whole if it is short.
    private func body(_ range: Range<Int>) -> Evidence {
        let bytes = observation.bodyStart
        var start = range.lowerBound
        var end = range.upperBound
        while start > 0, range.lowerBound - start < 80, bytes[start - 1] >= 0x20, bytes[start - 1] != 0x3E { start -= 1 }
        while end < bytes.count, end - range.upperBound < 120, bytes[end] >= 0x20, bytes[end] != 0x3C { end += 1 }
        let head = observation.response?.bytes.count ?? 0
        // UTF-8 stays text; control bytes are escaped.
        let text = String(decoding: bytes[start..<end], as: UTF8.self).unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.value >= 0x20, scalar.value != 0x7F { text.unicodeScalars.append(scalar) }
        }
        return Evidence(what: "response body", observed: text, location: .upstream(head + start..<head + end))
    }

    private var failure: Evidence? {
        guard let failure = observation.failure else { return nil }
        if case .malformedResponse(let faults) = failure, let line = bareLine(faults) { return line }
        let text: String =
            switch failure {
            case .upstreamRefused(let errno): "connection refused (errno \(errno))"
            case .connectFailed(let errno): "connecting failed (errno \(errno))"
            case .connectTimedOut: "no connection in time"
            case .nameNotResolved(let name): "the name \(name.prefix(255)) has no address"
            case .noAddress: "the name has no usable address"
            case .noEndpoint: "no endpoint is held to be healthy"
            case .responseHeadTimedOut: "no response head in time\(after)"
            case .closedBeforeResponse(let end, let seen):
                "the upstream \(end.isReset ? "reset" : "closed") the connection before a response\(after), \(seen) bytes seen"
            case .notHTTP(let first): "first bytes: \(first.printable(0..<first.count, limit: 64))"
            case .malformedResponse(let faults):
                "faults of the response head: \(faults.prefix(4).map(\.kind.rawValue).joined(separator: ", "))"
            case .malformedRequest(let faults):
                "faults of the request head: \(faults.prefix(4).map(\.kind.rawValue).joined(separator: ", "))"
            case .clientGone: "the client ended the connection\(after)"
            case .upstreamTLS(_, let sentence), .downstreamTLS(_, let sentence): sentence
            case .requestTimedOut: "the request head did not arrive in time"
            case .limit(let name): "the limit `\(name)` is reached"
            case .noRoute: "no route of the configuration matches"
            case .refusedByGate(let gate): "Gatehouse's own rule (\(gate)) refused"
            case .draining: "Gatehouse is draining"
            }
        return Evidence(what: "handshake", observed: text)
    }

    /// The first line of the answer's head that ends in LF alone. Of a field only the name is shown: its value may be a secret.
    private func bareLine(_ faults: [HeadFault]) -> Evidence? {
        guard let fault = faults.first(where: { $0.kind == .bareLineFeed }), let response = observation.response else { return nil }
        let bytes = response.bytes
        let end = min(fault.at.lowerBound, bytes.count)
        var start = end
        while start > 0, bytes[start - 1] != 0x0A { start -= 1 }
        let shown = start == 0 ? end : bytes[start..<end].firstIndex(of: 0x3A) ?? start
        let line = bytes.printable(start..<shown, limit: 120) + (shown < end ? ": …" : "")
        return Evidence(
            what: "line of the response head", observed: "\(line)\\n", expected: "\\r\\n at the end of every line (RFC 9112 §2.2)",
            location: .upstream(start..<min(end + 1, bytes.count)))
    }

    private var after: String {
        guard let span = observation.timings.response ?? observation.timings.total else { return "" }
        return " after \(span.nanoseconds / 1_000_000) ms"
    }
}

extension TransportEnd {
    var isReset: Bool {
        if case .reset = self { true } else { false }
    }
}
