public import HTTPWire

/// Writes the head that goes downstream from the one that the backend sent (RFC 9110 §7.6; threats D17, D18, D22).
///
/// Fields of the backend's connection stay behind; framing and `Connection` are stated anew for the client's version. What
/// isn't forwardable becomes a `UnforwardableResponse` first: `fault(of:forUpgrade:)` is asked before anything is written.
public enum ResponseForwarding {
    /// Interim responses that one request may get.
    public static var interimLimit: Int { 10 }

    private static var own: UInt64 { HopByHopFields.common | KnownField.contentLength.bit }

    /// Why the response must not be forwarded; nil if it may.
    ///
    /// - Parameters:
    ///   - forUpgrade: whether the request that went upstream asked for an upgrade. Whether a 101 to it is a valid one says
    ///     `UpgradeResponseCheck` (Diagnosis), or `OtherUpgrade`.
    ///   - interimCount: how many interim responses came before this head.
    public static func fault(of head: ResponseHead, forUpgrade: Bool, interimCount: Int = 0) -> UnforwardableResponse? {
        if let fault = head.refusal { return .head(fault) }
        if head.status == 101 {
            if !forUpgrade { return .switchingProtocolsUnasked }
            if head.section.has(KnownField.contentLength) || head.section.has(KnownField.transferEncoding) {
                return .switchingProtocolsWithLength
            }
        }
        return head.isInterim && interimCount >= interimLimit ? .tooManyInterim : nil
    }

    /// Whether the backend's connection may carry another request once this body is complete.
    public static func keepsUpstream(_ head: ResponseHead, requestMethod: HTTPMethod) -> Bool {
        // A length where no body may be: some senders follow it up with octets, which would be the next response.
        let isDoubtful = head.faults.contains { $0.kind == .lengthWithoutBody }
        return head.keepAlive && !isDoubtful && head.framing(forRequestMethod: requestMethod) != .untilClose
    }

    /// Writes an interim response; false if this client gets none (RFC 9110 §15.2: HTTP/1.0 doesn't know them).
    public static func writeInterim(
        _ head: ResponseHead, toRequest request: RequestHead, into writer: inout HeadWriter
    ) -> Bool {
        writer.reset()
        guard request.version == .http11, head.isInterim, head.isForwardable else { return false }
        writer.statusLine(head.status, reason: head.reasonRange, of: head.bytes)
        writeFields(head, isBodiless: true, into: &writer)
        writer.end()
        return true
    }

    /// Writes the head of a final response other than 101.
    ///
    /// - Parameters:
    ///   - keepsConnection: whether the downstream connection goes on; false if the plan doesn't allow it.
    ///   - verdict: the value of `Gatehouse-Verdict`, on a refused upgrade.
    ///   - extra: fields to add.
    public static func write(
        _ head: ResponseHead, toRequest request: RequestHead, plan: ResponsePlan, keepsConnection: Bool,
        verdict: [UInt8]? = nil, extra: [ForwardingContext.ExtraField] = [], into writer: inout HeadWriter
    ) {
        writer.reset()
        writer.statusLine(head.status, reason: head.reasonRange, of: head.bytes)
        writeFields(head, isBodiless: false, into: &writer)
        writeFraming(head, request, plan, into: &writer)
        writeVia(head, into: &writer)
        for field in extra { writer.field(Array(field.name.description.utf8), field.value) }
        if let verdict { writer.field("Gatehouse-Verdict", verdict) }
        let keeps = keepsConnection && plan.mayKeepConnection
        // RFC 9110 §15.5.22: a 426 has to say what to upgrade to.
        if head.status == 426, head.contains(token: "websocket", in: .upgrade) {
            writer.field("Upgrade", "websocket")
            writer.field("Connection", keeps ? "Upgrade" : "close, Upgrade")
        } else if !keeps {
            writer.field("Connection", "close")
        } else if request.version == .http10 {
            writer.field("Connection", "keep-alive")
        }
        writer.end()
    }

    /// Writes the 101 that opens a tunnel; `UpgradeResponseCheck`, or `OtherUpgrade`, has been asked.
    ///
    /// - Parameters:
    ///   - subprotocol: octets of the request that are answered where the backend picks no subprotocol: the marker of a token, when
    ///     nothing else was offered.
    ///   - extra: fields to add.
    public static func writeUpgrade(
        _ head: ResponseHead, toRequest request: RequestHead, isWebSocket: Bool = true, subprotocol: Range<Int>? = nil,
        extra: [ForwardingContext.ExtraField] = [], into writer: inout HeadWriter
    ) {
        writer.reset()
        writer.statusLine(head.status, reason: head.reasonRange, of: head.bytes)
        if isWebSocket {
            writer.field("Upgrade", "websocket")
        } else {
            for value in head.values(of: .upgrade) { writer.field("Upgrade", value, of: head.bytes) }
        }
        writer.field("Connection", "Upgrade")
        writeFields(head, isBodiless: true, into: &writer)
        if let subprotocol, !head.section.has(KnownField.secWebSocketProtocol) {
            writer.field("Sec-WebSocket-Protocol", subprotocol, of: request.bytes)
        }
        writeVia(head, into: &writer)
        for field in extra { writer.field(Array(field.name.description.utf8), field.value) }
        writer.end()
    }

    private static func writeVia(_ head: ResponseHead, into writer: inout HeadWriter) {
        writer.field("Via", head.version == .http10 ? "1.0 gatehouse" : "1.1 gatehouse")
    }

    /// The fields that go on, in runs.
    private static func writeFields(_ head: ResponseHead, isBodiless: Bool, into writer: inout HeadWriter) {
        let section = head.section
        let named = head.connection.contains(.named)
        var start = 0
        for index in 0..<section.fields.count {
            let field = section.fields[index]
            let isOurs = own & field.known.bit != 0 && field.known != .other
            // The verdict is ours to give: a backend's would pass for it.
            guard isOurs || field.known == .gatehouseVerdict || (named && HopByHopFields.isNamed(index, by: section)) else {
                continue
            }
            if start < index { writer.fields(start..<index, of: section) }
            start = index + 1
        }
        if start < section.fields.count { writer.fields(start..<section.fields.count, of: section) }
    }

    /// The length, from what was parsed (RFC 9110 §8.6, RFC 9112 §6).
    private static func writeFraming(
        _ head: ResponseHead, _ request: RequestHead, _ plan: ResponsePlan, into writer: inout HeadWriter
    ) {
        switch plan.framing {
        case .contentLength(let count): writer.field("Content-Length", count)
        case .chunked:
            writer.field("Transfer-Encoding", "chunked")
            if plan.forwardsTrailers, head.section.has(KnownField.trailer) {
                let announced = TrailerForwarding.announcement(head)
                if !announced.isEmpty { writer.field("Trailer", announced) }
            }
        case .untilClose, .invalid: break
        case .none:
            // To HEAD, and with 304, the fields tell of the body that a GET would get. 1xx and 204 have none.
            guard head.status == 304 || (request.method == .head && head.status != 204) else { return }
            switch head.framing(forRequestMethod: .get, ignoringStatus: true) {
            case .contentLength(let count): writer.field("Content-Length", count)
            case .chunked where request.version == .http11: writer.field("Transfer-Encoding", "chunked")
            default: break
            }
        }
    }
}
