// Which fields of a trailer section go on (RFC 9110 §6.5.1; threat D11).
//
// A trailer field arrives when the message has been understood already. What frames a message, says where it goes, who sent it or
// how its content is to be read is therefore never believed from there, and never passed on to somebody who might merge it into the
// head. What is left (checksums, signatures, statuses) goes on in its order. A response's trailers go only to a client that said
// `TE: trailers` (§6.5.1: nobody may count on their being read otherwise); a request's go on wherever the body is chunked.
public import HTTPWire

/// The rule for trailer fields, and the lines that it lets pass.
public enum TrailerForwarding {
    /// Whether the client that sent this head takes trailers.
    ///
    /// `TE` speaks to the next recipient, which is Gatehouse; that `Connection` names it is asked of the sender, and not held against one
    /// that forgot.
    public static func isAccepted(by request: RequestHead) -> Bool {
        request.version == .http11 && request.contains(token: "trailers", in: .te)
    }

    /// The lines of `section` (whole lines as the body's decoder gave them) that go on.
    ///
    /// - Parameters:
    ///   - head: the head of the same message; what its `Connection` names stays behind too.
    ///   - removed: names of the configuration's, under which nothing of the sender's goes on.
    public static func lines(of section: [UInt8], behind head: MessageHead, without removed: [FieldName] = []) -> [UInt8] {
        var passed: [UInt8] = []
        var start = 0
        while let end = section[start...].firstIndex(of: 0x0A) {
            let line = start..<end + 1
            start = end + 1
            guard let colon = section[line].firstIndex(of: 0x3A),
                mayPass(section, line.lowerBound..<colon, head.section, without: removed)
            else { continue }
            passed += section[line]
        }
        return passed
    }

    /// The names of a `Trailer` field that announce something that goes on; empty if none does.
    public static func announcement(_ head: MessageHead, without removed: [FieldName] = []) -> [UInt8] {
        var names: [UInt8] = []
        for name in head.elements(of: .trailer) where mayPass(head.bytes, name, head.section, without: removed) {
            if !names.isEmpty { names += [0x2C, 0x20] }
            names += head.bytes[name]
        }
        return names
    }

    /// Whether a trailer field of this name goes on.
    static func mayPass(_ bytes: [UInt8], _ name: Range<Int>, _ head: FieldSection, without removed: [FieldName]) -> Bool {
        // Servers that read `_` and `-` alike would take the one for the other (threat B18).
        let plain = bytes[name].map { $0 == 0x5F ? 0x2D : $0 | ($0 >= 0x41 && $0 <= 0x5A ? 0x20 : 0) }
        guard !plain.isEmpty, let field = FieldName(String(decoding: plain, as: UTF8.self)) else { return false }
        if removed.contains(where: { $0 == field || isAlike($0, plain) }) { return false }
        if field.known != .other { return allowed & field.known.bit != 0 }
        if HopByHopFields.isNamed(bytes, name, by: head) { return false }
        return !ClientAddressFields.contains(plain, 0..<plain.count) && !forbiddenBeginnings.contains { plain.starts(with: $0) }
            && !forbidden.contains(plain)
    }

    /// Whether a name of the configuration's is `plain` to a reader that takes `_` for `-`.
    private static func isAlike(_ name: FieldName, _ plain: [UInt8]) -> Bool {
        name.custom.count == plain.count && zip(name.custom, plain).allSatisfy { ($0 == 0x5F ? 0x2D : $0) == $1 }
    }

    /// Of the fields that Gatehouse knows by number, the only ones that RFC 9110 lets stand in a trailer section.
    private static var allowed: UInt64 { KnownField.eTag.bit | KnownField.xRequestID.bit }

    /// Families of which no member is safe: content, conditions, authentication, the handshake's and the browser's own, what a
    /// proxy says about the client, and what opens a page to others.
    private static let forbiddenBeginnings = [
        "content-", "if-", "proxy-", "sec-", "x-forwarded-", "x-original-", "x-rewrite-", "access-control-",
    ]
    .map { Array($0.utf8) }

    private static let forbidden = Set(
        [
            // Conditions and controls of a request
            "max-forwards", "pragma", "range", "priority", "x-http-method", "x-method-override",
            // Answers' controls
            "accept-ranges", "expires", "last-modified", "refresh", "vary", "warning", "clear-site-data",
            "strict-transport-security", "alt-svc", "link",
            // Who it is
            "authentication-info", "x-user", "x-auth-user", "x-remote-user", "remote-user",
        ].map { Array($0.utf8) })
}
