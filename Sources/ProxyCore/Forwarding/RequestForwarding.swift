public import HTTPWire
import Wire

/// Writes the head that goes upstream from the one that came (RFC 9110 §7.6, RFC 9112 §3.2; threats B18–B20, C7, C8, D14, D17).
///
/// The order matters and is the same for every request: first all that the client may not say to the next hop is left out
/// (fields of the connection, names in `Connection`, identity fields and their lookalikes), then what Gatehouse says
/// itself is written. A client that names one of our fields in `Connection` therefore strips its own, never ours. Framing
/// is restated from what was parsed. Fields that go on do so in their order, neighbours in one copy.
public struct RequestForwarding: Sendable {
    /// Why a request isn't forwarded, and what the client is told.
    public enum Refusal: Sendable, Hashable {
        /// The head has a fault that forbids it.
        case head(HeadFault)
        /// CONNECT: Gatehouse is no forward proxy. → 405
        case methodNotAllowed

        public var status: Int {
            switch self {
            case .head(let fault): fault.status
            case .methodNotAllowed: 405
            }
        }

        /// The stable name for logs.
        public var name: String {
            switch self {
            case .head(let fault): fault.kind.rawValue
            case .methodNotAllowed: "method_not_allowed"
            }
        }
    }

    /// Whether the request must be refused rather than forwarded; to be asked before a backend is chosen.
    public static func refusal(of head: RequestHead) -> Refusal? {
        // A CONNECT is told what it is before anything is said of its target.
        if head.method == .connect { return .methodNotAllowed }
        return head.refusal.map { .head($0) }
    }

    /// Fields that are always written by us or by nobody.
    private static var own: UInt64 {
        HopByHopFields.common | HopByHopFields.restated | KnownField.xForwardedFor.bit | KnownField.xForwardedProto.bit
            | KnownField.xForwardedHost.bit | KnownField.xForwardedPort.bit | KnownField.forwarded.bit
            | KnownField.xRealIP.bit | KnownField.expect.bit
            // Some frameworks route by these, behind the back of whoever checked the path (threat A16).
            | KnownField.xOriginalURL.bit | KnownField.xRewriteURL.bit
    }

    /// Fields of the opening handshake, which were judged as they came and have to reach the backend so.
    private static var ofUpgrades: UInt64 {
        KnownField.secWebSocketKey.bit | KnownField.secWebSocketVersion.bit | KnownField.secWebSocketProtocol.bit
            | KnownField.secWebSocketExtensions.bit
    }

    /// Writes the head into `writer`, which is reset first; false, and nothing written, for a request that has a `refusal`
    /// or whose host can't be written.
    @discardableResult
    public static func write(
        _ head: RequestHead, context: borrowing ForwardingContext, into writer: inout HeadWriter
    ) -> Bool {
        writer.reset()
        guard refusal(of: head) == nil else { return false }
        let keepsHost = keepsHostLine(head, context)
        writeLine(head, context, into: &writer)
        guard keepsHost || writeHost(head, context, into: &writer) else {
            writer.reset()
            return false
        }
        var dropped = keepsHost ? own & ~KnownField.host.bit : own
        // A trusted proxy's word; from others it is a claim.
        if context.identity.peerIsTrusted { dropped &= ~KnownField.xRealIP.bit }
        if context.subprotocols != nil { dropped |= KnownField.secWebSocketProtocol.bit }
        writeFields(head, context, dropping: dropped, into: &writer)
        if let offered = context.subprotocols, !offered.isEmpty { writeSubprotocols(head, offered, into: &writer) }
        writeFraming(head, context, into: &writer)
        ForwardedFields.write(head, context, into: &writer)
        writer.beginLine()
        writer.append(head.version == .http10 ? "Via: 1.0 " : "Via: 1.1 ")
        writer.append(context.pseudonym)
        writer.endLine()
        writeConnection(head, context, into: &writer)
        for index in context.extra.indices {
            writer.field(Array(context.extra[index].name.description.utf8), context.extra[index].value)
        }
        writer.end()
        return true
    }

    /// What the connection to the backend is asked for: the upgrade, its end, trailers.
    private static func writeConnection(
        _ head: RequestHead, _ context: borrowing ForwardingContext, into writer: inout HeadWriter
    ) {
        if context.isWebSocketUpgrade {
            writer.field("Connection", "Upgrade")
            writer.field("Upgrade", "websocket")
            return
        }
        if let protocols = context.otherUpgrade {
            writer.field("Connection", "Upgrade")
            writer.field("Upgrade", protocols)
            return
        }
        let takesTrailers = head.section.has(KnownField.te) && TrailerForwarding.isAccepted(by: head)
        if takesTrailers { writer.field("TE", "trailers") }
        switch (takesTrailers, context.keepsUpstream) {
        case (true, true): writer.field("Connection", "TE")
        case (true, false): writer.field("Connection", "close, TE")
        case (false, false): writer.field("Connection", "close")
        case (false, true): break
        }
    }

    /// Whether the one `Host` line goes on where it stands.
    private static func keepsHostLine(_ head: RequestHead, _ context: borrowing ForwardingContext) -> Bool {
        guard case .preserve = context.host else { return false }
        return head.targetForm == .origin && head.section.has(KnownField.host)
    }

    /// The request line in origin form or `*`, always HTTP/1.1.
    private static func writeLine(
        _ head: RequestHead, _ context: borrowing ForwardingContext, into writer: inout HeadWriter
    ) {
        if head.targetForm == .origin, context.rewrite == nil, context.removedParameter == nil,
            context.canonicalPath.map({ head.bytes[head.pathRange].elementsEqual($0) }) ?? true
        {
            if isPlainLine(head) {
                writer.lines(head.lineRange.lowerBound..<head.lineRange.upperBound + 2, of: head.section)
            } else {
                writer.requestLine(method: head.methodRange, target: head.targetRange, of: head.bytes)
            }
            return
        }
        writer.beginLine()
        writer.append(head.bytes, head.methodRange)
        writer.append(" ")
        if head.targetForm == .asterisk || (head.pathRange.isEmpty && head.method == .options && head.queryRange == nil) {
            // RFC 9112 §3.2.4: an absolute target without path and query means the server as a whole.
            writer.append("*")
        } else {
            writePath(head, context, into: &writer)
            if let query = head.queryRange { writeQuery(head, query, without: context.removedParameter, into: &writer) }
        }
        writer.append(" HTTP/1.1")
        writer.endLine()
    }

    /// The query, without one of its parameters and the separator beside it.
    private static func writeQuery(
        _ head: RequestHead, _ query: Range<Int>, without removed: Range<Int>?, into writer: inout HeadWriter
    ) {
        guard let removed, query.lowerBound <= removed.lowerBound, removed.upperBound <= query.upperBound else {
            writer.append("?")
            writer.append(head.bytes, query)
            return
        }
        var before = query.lowerBound..<removed.lowerBound
        var after = removed.upperBound..<query.upperBound
        if !after.isEmpty {
            after = after.lowerBound + 1..<after.upperBound
        } else if !before.isEmpty {
            before = before.lowerBound..<before.upperBound - 1
        }
        guard !before.isEmpty || !after.isEmpty else { return }
        writer.append("?")
        writer.append(head.bytes, before)
        writer.append(head.bytes, after)
    }

    /// The subprotocols that are offered to the backend, in one line.
    private static func writeSubprotocols(_ head: RequestHead, _ offered: [Range<Int>], into writer: inout HeadWriter) {
        writer.beginField("Sec-WebSocket-Protocol")
        for (index, element) in offered.enumerated() {
            if index > 0 { writer.append(", ") }
            writer.append(head.bytes, element)
        }
        writer.endLine()
    }

    /// Whether the line that came is the one to be sent: a head without refusal has single blanks and CRLF in it.
    private static func isPlainLine(_ head: RequestHead) -> Bool {
        let line = head.lineRange
        return head.version == .http11 && line.count > 0 && head.bytes[line.upperBound - 1] == 0x31
    }

    private static func writePath(
        _ head: RequestHead, _ context: borrowing ForwardingContext, into writer: inout HeadWriter
    ) {
        var path = context.canonicalPath ?? Array(head.bytes[head.pathRange])
        if path.isEmpty { path = [0x2F] }
        guard let edit = context.rewrite?.edit(unsafe path.span.bytes) else {
            writer.append(path)
            return
        }
        writer.append(edit.inserted)
        writer.append(path, min(edit.dropped, path.count)..<path.count)
    }

    /// Exactly one `Host`; false if there is none to be written.
    private static func writeHost(
        _ head: RequestHead, _ context: borrowing ForwardingContext, into writer: inout HeadWriter
    ) -> Bool {
        switch context.host {
        case .rewrite(let host): return !host.isEmpty && writer.field("Host", host)
        case .preserve:
            if let host = head.effectiveHost { return writer.field("Host", host, of: head.bytes) }
            // HTTP/1.0 may leave it out; HTTP/1.1, which we speak, may send it empty (RFC 9112 §3.2).
            return writer.field("Host", context.defaultHost)
        }
    }

    /// The fields that go on, in runs.
    private static func writeFields(
        _ head: RequestHead, _ context: borrowing ForwardingContext, dropping own: UInt64, into writer: inout HeadWriter
    ) {
        let section = head.section
        let named = head.connection.contains(.named)
        let hasRemoved = !context.removed.isEmpty || !context.extra.isEmpty
        var start = 0
        for index in 0..<section.fields.count {
            let field = section.fields[index]
            let isDropped: Bool
            if field.known == .other {
                isDropped = isForbidden(section, field, context)
            } else {
                isDropped = own & field.known.bit != 0
            }
            guard
                isDropped || (named && isNamed(index, section, isUpgrade: context.isWebSocketUpgrade))
                    || (hasRemoved && isRemoved(section, field, context))
            else { continue }
            if start < index { writer.fields(start..<index, of: section) }
            start = index + 1
        }
        if start < section.fields.count { writer.fields(start..<section.fields.count, of: section) }
    }

    /// Whether a field with an unknown name is one of ours, or of the configuration's, to a reader who takes `_` for `-`.
    private static func isForbidden(
        _ section: FieldSection, _ field: FieldLine, _ context: borrowing ForwardingContext
    ) -> Bool {
        if isClaim(section, field.name, context) { return true }
        guard let lookalike = HopByHopFields.lookalike(section, field.name) else { return false }
        if lookalike.known != .other, RequestForwarding.own & lookalike.known.bit != 0 { return true }
        return isRemoved(lookalike, context)
    }

    /// Whether the field claims what only a proxy may say: `X-Forwarded-Prefix`, `-Ssl`, `-Scheme` and all others of that family, by which
    /// frameworks build addresses and believe in TLS; the address fields of content delivery networks; and `Proxy`, which CGI programs take for
    /// the variable HTTP_PROXY.
    private static func isClaim(
        _ section: FieldSection, _ name: Range<Int>, _ context: borrowing ForwardingContext
    ) -> Bool {
        switch name.first.map({ section.bytes[$0].lowercased }) {
        case 0x78 where !context.identity.peerIsTrusted && section.bytes.beginsFolded("x-forwarded-", at: name): true
        case 0x70 where section.bytes.matchesFolded("proxy", at: name): true
        default: !context.identity.peerIsTrusted && ClientAddressFields.contains(section.bytes, name)
        }
    }

    /// Whether `Connection` names the field; framing, host and what makes an upgrade are not its to name.
    private static func isNamed(_ index: Int, _ section: FieldSection, isUpgrade: Bool) -> Bool {
        let known = section.fields[index].known
        if known != .other, HopByHopFields.restated & known.bit != 0 { return false }
        if isUpgrade, known != .other, ofUpgrades & known.bit != 0 { return false }
        return HopByHopFields.isNamed(index, by: section)
    }

    /// Identity fields, and the ones that are set anew.
    private static func isRemoved(
        _ section: FieldSection, _ field: FieldLine, _ context: borrowing ForwardingContext
    ) -> Bool {
        for index in context.removed.indices where context.removed[index].matches(field, in: section) { return true }
        for index in context.extra.indices where context.extra[index].name.matches(field, in: section) { return true }
        return false
    }

    private static func isRemoved(_ name: FieldName, _ context: borrowing ForwardingContext) -> Bool {
        context.removed.contains(name) || context.extra.contains { $0.name == name }
    }

    /// `Content-Length` or `Transfer-Encoding`, from what was parsed, and `Expect` where somebody is to answer it.
    private static func writeFraming(
        _ head: RequestHead, _ context: borrowing ForwardingContext, into writer: inout HeadWriter
    ) {
        switch head.framing {
        case .contentLength(let count): writer.field("Content-Length", count)
        case .chunked:
            writer.field("Transfer-Encoding", "chunked")
            if head.section.has(KnownField.trailer) {
                let announced = TrailerForwarding.announcement(head, without: context.removed + context.extra.map(\.name))
                if !announced.isEmpty { writer.field("Trailer", announced) }
            }
        case .none, .untilClose, .invalid: return
        }
        if context.forwardsExpect, head.section.has(KnownField.expect), head.expectsContinue {
            writer.field("Expect", "100-continue")
        }
    }
}

extension FieldName {
    /// Whether the line has this name.
    func matches(_ field: FieldLine, in section: FieldSection) -> Bool {
        field.known == known && (known != .other || matches(section.bytes, field.name))
    }
}
