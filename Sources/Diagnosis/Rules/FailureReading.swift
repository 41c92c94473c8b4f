import HTTPWire
import Wire

/// Reads the signs of a handshake that has no answer.
enum FailureReading {
    /// From here on an end counts as "after a wait": shorter ones are decisions, longer ones timers.
    static let wait = TimeSpan.milliseconds(800)

    static func read(_ failure: HandshakeFailure, _ observation: HandshakeObservation, into signs: inout SignReading) {
        switch failure {
        case .upstreamRefused: signs.add(.failedRefused, .failure)
        case .connectFailed: signs.add(.failedConnectTimeout, .failure)
        case .connectTimedOut: signs.add(.failedConnectTimeout, .failure)
        case .nameNotResolved, .noAddress: signs.add(.failedName, .failure)
        case .noEndpoint: signs.add(.failedNoEndpoint, .failure)
        case .upstreamTLS(let kind, let sentence): readTLS(kind, sentence, isClient: false, into: &signs)
        case .downstreamTLS(let kind, let sentence): readTLS(kind, sentence, isClient: true, into: &signs)
        case .responseHeadTimedOut: signs.add(.failedResponseTimeout, .failure)
        case .closedBeforeResponse(let end, let seen): readClose(end, seen, observation, into: &signs)
        case .notHTTP(let first): readForeign(first, into: &signs)
        case .malformedResponse(let faults):
            // Too many interim responses, or a body that isn't chunked as it says, are no fault of the head; a length in a 101 is one,
            // although it is only odd elsewhere.
            if faults.contains(where: { $0.severity != .odd }) || observation.response?.status == 101 {
                signs.add(.failedMalformedResponse, .failure)
            }
            if faults.contains(where: { $0.kind == .bareLineFeed }) { signs.add(.failedBareLineFeed, .failure) }
        case .malformedRequest(let faults): readBadRequest(faults, into: &signs)
        case .requestTimedOut: signs.add(.failedClientGone, .failure)
        case .clientGone: readGone(observation, into: &signs)
        case .limit(let name):
            signs.add(.failedLimit, .failure)
            if name == "head" { signs.add(.saysHeadTooLarge, .failure) }
        case .noRoute: signs.add(.failedNoRoute, .failure)
        case .refusedByGate(let gate):
            signs.add(gate == "origin" ? .failedOurOrigin : .failedOurCredentials, .failure)
        case .draining: signs.add(.failedDraining, .failure)
        }
    }

    private static func readClose(
        _ end: TransportEnd, _ seen: Int, _ observation: HandshakeObservation, into signs: inout SignReading
    ) {
        signs.add(.failedClosed, .failure)
        let waited = observation.timings.response ?? observation.timings.total ?? .zero
        signs.add(waited < wait ? .failedClosedAtOnce : .failedClosedLate, .failure)
        if case .reset = end { signs.add(.failedReset, .failure) }
        signs.add(.failedNotHTTP, if: seen > 0 && observation.response == nil && observation.bodyStart.isEmpty == false)
    }

    private static func readGone(_ observation: HandshakeObservation, into signs: inout SignReading) {
        signs.add(.failedClientGone, .failure)
        // A client that leaves after a long wait has met a backend that does not answer.
        let waited = observation.timings.total ?? .zero
        if observation.response == nil, observation.endpoint != nil, waited >= FailureReading.wait {
            signs.add(.failedResponseTimeout, .failure)
        }
    }

    private static func readForeign(_ first: [UInt8], into signs: inout SignReading) {
        signs.add(.failedNotHTTP, .failure)
        let all = 0..<first.count
        if first.count >= 2, (20...23).contains(first[0]), first[1] == 3 { signs.add(.failedNotHTTPTLS, .failure) }
        let banners: [StaticString] = ["ssh-", "220 ", "* ok", "-err", "+ok", "+pong", "amqp", "rfb ", "-noauth", "-denied"]
        if banners.contains(where: { first.begins($0, in: all) }) { signs.add(.failedNotHTTPBanner, .failure) }
        // HTTP/2's first frame: SETTINGS, on stream 0.
        if first.count >= 9, first[0] == 0, first[1] == 0, first[3] == 4, first[5..<9].allSatisfy({ $0 == 0 }) {
            signs.add(.failedHTTP2, .failure)
            signs.remove(.failedNotHTTP)
        }
    }

    private static func readBadRequest(_ faults: [HeadFault], into signs: inout SignReading) {
        signs.add(.failedMalformedRequest, .failure)
        for fault in faults {
            switch fault.kind {
            case .headTooLarge, .fieldLineTooLong, .tooManyFields, .targetTooLong: signs.add(.saysHeadTooLarge, .failure)
            default: break
            }
        }
    }

    /// The words are the TLS engine's.
    private static func readTLS(_ kind: String, _ sentence: String, isClient: Bool, into signs: inout SignReading) {
        let sign: Sign =
            switch kind {
            case "certificate_expired", "certificate_not_yet_valid": .failedTLSExpired
            case "certificate_wrong_name": .failedTLSName
            case "certificate_not_trusted": .failedTLSUntrusted
            case "client_certificate_required", "client_certificate_rejected": .failedTLSClientCertificate
            case "plain_http_on_tls_port": isClient ? .failedClientPlain : .failedTLSPlain
            case "not_tls": isClient ? .failedTLSOther : .failedNotHTTP
            case "no_shared_application_protocol": .failedHTTP2
            default: .failedTLSOther
            }
        signs.add(sign, .note(sentence))
    }
}
