public import HTTPWire
import WebSocketWire
import Wire

/// The rules of RFC 6455 §4.1 on a response, against the request that it answers: all that is wrong.
public enum UpgradeResponseCheck {
    /// Whether `response` opens a tunnel: a 101 that a browser accepts.
    public static func isValid101(_ request: RequestHead, _ response: ResponseHead) -> Bool {
        response.status == 101 && !faults(request, response).contains { $0.isFatal }
    }

    /// Everything that is wrong with the answer; for other statuses than 101 only upgrade fields that don't belong there.
    public static func findings(_ request: RequestHead, _ response: ResponseHead) -> [Finding] {
        let all = response.status == 101 ? faults(request, response) : misplaced(response)
        return all.map { $0.finding(request, response) }
    }

    /// The faults of a 101 without text.
    public static func faults(_ request: RequestHead, _ response: ResponseHead) -> [ResponseFault] {
        var faults: [ResponseFault] = []
        if !response.contains(token: "websocket", in: .upgrade) { faults.append(.upgradeMissing) }
        if !response.connection.contains(.upgrade) { faults.append(.connectionMissing) }
        switch response.count(of: .secWebSocketAccept) {
        case 0: faults.append(.acceptMissing)
        case 1: if !acceptFits(request, response) { faults.append(.acceptWrong) }
        default: faults.append(.acceptRepeated)
        }
        checkSubprotocol(request, response, &faults)
        for fault in ExtensionAnswer.faults(request, response) { faults.append(fault) }
        if response.section.has(KnownField.contentLength) || response.section.has(KnownField.transferEncoding) {
            faults.append(.bodyAnnounced)
        }
        return faults
    }

    private static func misplaced(_ response: ResponseHead) -> [ResponseFault] {
        response.section.has(KnownField.secWebSocketAccept)
            || response.status < 300 && response.contains(token: "websocket", in: .upgrade)
            ? [.upgradeOnOtherStatus] : []
    }

    private static func acceptFits(_ request: RequestHead, _ response: ResponseHead) -> Bool {
        guard let key = request.value(of: .secWebSocketKey), let accept = response.value(of: .secWebSocketAccept) else {
            return false
        }
        let keyBytes = unsafe request.bytes.span.bytes
        let acceptBytes = unsafe response.bytes.span.bytes
        return AcceptKey.verify(
            acceptBytes.extracting(accept.clamped(to: 0..<response.bytes.count)),
            key: keyBytes.extracting(key.clamped(to: 0..<request.bytes.count)))
    }

    private static func checkSubprotocol(_ request: RequestHead, _ response: ResponseHead, _ faults: inout [ResponseFault]) {
        let chosen = response.elements(of: .secWebSocketProtocol)
        let offered = request.section.has(KnownField.secWebSocketProtocol) ? request.elements(of: .secWebSocketProtocol) : []
        if chosen.isEmpty {
            if !offered.isEmpty { faults.append(.subprotocolNotSelected) }
            return
        }
        if chosen.count > 1 { faults.append(.subprotocolRepeated) }
        for choice in chosen {
            // Subprotocol names are compared exactly (§4.1 step 6).
            let isOffered = offered.contains { request.bytes[$0].elementsEqual(response.bytes[choice]) }
            if !isOffered {
                faults.append(.subprotocolNotOffered)
                return
            }
        }
    }
}

/// One thing that is wrong with an answer to a handshake.
public enum ResponseFault: Sendable, Hashable, CaseIterable {
    case upgradeMissing, connectionMissing, acceptMissing, acceptWrong, acceptRepeated
    case subprotocolNotSelected, subprotocolNotOffered, subprotocolRepeated
    case extensionNotOffered, extensionParameters, bodyAnnounced, upgradeOnOtherStatus

    /// Whether a client must fail the connection for it. Browsers do the same where a subprotocol was offered and none chosen; RFC 6455
    /// lets other clients go on.
    public var isFatal: Bool {
        switch self {
        case .subprotocolNotSelected, .bodyAnnounced, .upgradeOnOtherStatus: false
        default: true
        }
    }

    var sign: Sign {
        switch self {
        case .upgradeMissing: .upgradeMissingIn101
        case .connectionMissing: .connectionMissingIn101
        case .acceptMissing: .acceptMissing
        case .acceptWrong: .acceptWrong
        case .acceptRepeated: .acceptRepeated
        case .subprotocolNotSelected: .subprotocolNotSelected
        case .subprotocolNotOffered: .subprotocolNotOffered
        case .subprotocolRepeated: .subprotocolRepeated
        case .extensionNotOffered: .extensionNotOffered
        case .extensionParameters: .extensionBadParameters
        case .bodyAnnounced: .contentLengthIn101
        case .upgradeOnOtherStatus: .upgradeOnOtherStatus
        }
    }

    /// The field that shows it.
    var field: FieldName {
        switch self {
        case .upgradeMissing, .upgradeOnOtherStatus: .upgrade
        case .connectionMissing: .connection
        case .acceptMissing, .acceptWrong, .acceptRepeated: .secWebSocketAccept
        case .subprotocolNotSelected, .subprotocolNotOffered, .subprotocolRepeated: .secWebSocketProtocol
        case .extensionNotOffered, .extensionParameters: .secWebSocketExtensions
        case .bodyAnnounced: .contentLength
        }
    }

    /// What would have been right.
    func expected(_ request: RequestHead) -> String? {
        switch self {
        case .upgradeMissing: return "Upgrade: websocket"
        case .connectionMissing: return "Connection: Upgrade"
        case .acceptMissing, .acceptWrong, .acceptRepeated:
            guard let key = request.value(of: .secWebSocketKey) else { return nil }
            let bytes = unsafe request.bytes.span.bytes
            return "Sec-WebSocket-Accept: \(AcceptKey(key: bytes.extracting(key.clamped(to: 0..<request.bytes.count))).text)"
        case .subprotocolNotSelected, .subprotocolNotOffered, .subprotocolRepeated:
            return request.firstFieldText(.secWebSocketProtocol).map { "one of those offered: \($0)" }
                ?? "no subprotocol: none was offered"
        case .extensionNotOffered, .extensionParameters:
            return request.firstFieldText(.secWebSocketExtensions).map { "what was offered: \($0)" }
                ?? "no extension: none was offered"
        case .bodyAnnounced: return "no length: a 101 has no body"
        case .upgradeOnOtherStatus: return "HTTP/1.1 101"
        }
    }

    func finding(_ request: RequestHead, _ response: ResponseHead) -> Finding {
        let observed = response.firstFieldText(field) ?? "absent"
        let (id, text): (String, String) =
            switch self {
            case .upgradeMissing:
                ("upgrade-missing", "The 101 has no `Upgrade: websocket` (RFC 6455 §4.1); clients fail the connection.")
            case .connectionMissing:
                ("connection-missing", "The 101's Connection does not name `upgrade` (RFC 6455 §4.1); clients fail the connection.")
            case .acceptMissing:
                ("accept-missing", "The 101 has no Sec-WebSocket-Accept (RFC 6455 §4.1); clients fail the connection.")
            case .acceptWrong:
                (
                    "accept-wrong",
                    "Sec-WebSocket-Accept does not belong to this request's key (RFC 6455 §4.1); clients fail the connection."
                )
            case .acceptRepeated:
                ("accept-repeated", "Sec-WebSocket-Accept must stand once (RFC 6455 §11.3.3); clients fail the connection.")
            case .subprotocolNotSelected:
                ("subprotocol-not-selected", "Subprotocols were offered and the 101 names none: browsers fail the connection.")
            case .subprotocolNotOffered:
                (
                    "subprotocol-not-offered",
                    "The 101 names a subprotocol that was not offered (RFC 6455 §4.1); clients fail the connection."
                )
            case .subprotocolRepeated:
                ("subprotocol-repeated", "The 101 names more than one subprotocol (RFC 6455 §4.2.2); clients fail the connection.")
            case .extensionNotOffered:
                (
                    "extension-not-offered",
                    "The 101 names an extension that was not offered (RFC 6455 §9.1); clients fail the connection."
                )
            case .extensionParameters:
                (
                    "extension-parameters",
                    "The parameters of permessage-deflate in the 101 don't fit the offer (RFC 7692 §7.1); clients fail the connection."
                )
            case .bodyAnnounced:
                ("body-announced", "A 101 has no body, yet a length is given; some clients take the first frames for it.")
            case .upgradeOnOtherStatus:
                ("upgrade-on-other-status", "The answer carries the fields of an accepted upgrade, but its status is not 101.")
            }
        let location = response.firstFieldRange(field) ?? response.lineRange
        return Finding(
            id: "handshake.answer-\(id)", layer: .handshake, severity: isFatal ? .failure : .warning, blame: .backend, text: text,
            evidence: [
                Evidence(what: "response field", observed: observed, expected: expected(request), location: .upstream(location))
            ])
    }
}
