import HTTPWire

/// Rule 14: secrets are redacted where a line is written, by one function, with a salted fingerprint in their place.
///
/// `write` is that function. It appends a value to the open string of a line and puts `«redacted:1a2b3c4d»` for every
/// secret in it: the eight digits are the same for equal secrets of one process and say nothing else about them. What
/// is a secret depends on where the value stood (`Place`); what looks like one is redacted everywhere:
///
/// | where | what is replaced |
/// |---|---|
/// | `Authorization`, `Proxy-Authorization` | all but the scheme |
/// | `Cookie` | the value of each cookie; `Set-Cookie`: of the cookie, not of its attributes |
/// | `Sec-WebSocket-Protocol` | items that carry a token (`LogRedaction+Subprotocol.swift`) |
/// | fields that the operator named, or whose name ends in token, secret, password, api-key … | the whole value |
/// | anywhere | values of parameters with such names, `user:password@` of URLs, JSON Web Tokens, `Bearer …` |
///
/// Where a boundary is doubtful, more is redacted rather than less.
public final class LogRedaction: Sendable {
    /// Where a value stood.
    public enum Place: Sendable {
        /// A request line, `GET /path?query HTTP/1.1`, or a response's status line.
        case startLine
        /// A request target or URL.
        case target
        /// A host, and before it what may not stand there: `user:password@host`.
        case authority
        /// The value of a field; its name is given beside it.
        case field
        /// One item of `Sec-WebSocket-Protocol`.
        case subprotocol
        /// Anything else: a body's start, a close reason, an error's text.
        case text
    }

    let hash: SipHash
    /// Names of fields that the operator named, normalised (`SecretName`).
    let fieldNames: [[UInt8]]
    let parameterNames: [[UInt8]]
    /// The bits of the known fields whose names say nothing: most of a handshake's, and their names needn't be looked at.
    private let plainFields: UInt64

    /// - Parameters:
    ///   - key: 128 random bits, drawn at start.
    ///   - fields: Further fields whose values are secret, in any case.
    ///   - parameters: Further parameters whose values are secret, in any case.
    public init(key: (UInt64, UInt64), fields: [String] = [], parameters: [String] = []) {
        hash = SipHash(key0: key.0, key1: key.1)
        fieldNames = fields.map { SecretName.normalised($0) }
        parameterNames = parameters.map { SecretName.normalised($0) }
        var plain: UInt64 = 0
        for known in KnownField.allCases where known != .other {
            let name = UnsafeBufferPointer(start: known.name.utf8Start, count: known.name.utf8CodeUnitCount)
            if SecretName.field(name, operators: fieldNames) == .plain { plain |= known.bit }
        }
        plainFields = plain
    }

    /// Whether values of this field are scanned and no more.
    func isPlain(_ known: KnownField) -> Bool { plainFields & known.bit != 0 }

    /// The eight digits' worth of `secret`: the first half of its keyed hash.
    public func fingerprint(_ secret: UnsafeBufferPointer<UInt8>) -> UInt32 {
        UInt32(truncatingIfNeeded: hash.hash(secret) >> 32)
    }

    /// Appends `value` to the open string of `line`, its secrets replaced.
    ///
    /// - Parameter name: The field's name, where `place` is `.field`.
    func write(
        _ value: UnsafeBufferPointer<UInt8>, _ place: Place, name: UnsafeBufferPointer<UInt8>? = nil,
        into line: inout LineBuffer
    ) {
        switch place {
        case .startLine: startLine(value, into: &line)
        case .target: scan(value, .target, into: &line)
        case .text: scan(value, .prose, into: &line)
        case .authority:
            let host = value.lastIndex(of: 0x40) ?? 0
            replace(value.part(0, host), into: &line)
            scan(value.part(host, value.count), .prose, into: &line)
        case .subprotocol:
            var marked = false
            subprotocol(value, &marked, into: &line)
        case .field:
            guard let name else { return scan(value, .prose, into: &line) }
            field(value, name: name, into: &line)
        }
    }

    /// Replaces a whole range, the empty one excepted.
    func replace(_ secret: UnsafeBufferPointer<UInt8>, into line: inout LineBuffer) {
        guard !secret.isEmpty else { return }
        if line.secrets != nil { line.secrets?.append(secret) } else { line.mark(fingerprint(secret)) }
    }

    // MARK: Places

    private func startLine(_ value: UnsafeBufferPointer<UInt8>, into line: inout LineBuffer) {
        // A target that wrongly holds a space is still a target up to the last space: no rest of a secret may stay.
        guard let first = value.firstIndex(of: 0x20), let last = value.lastIndex(of: 0x20), first < last else {
            return scan(value, .target, into: &line)
        }
        if value.starts(with: [0x48, 0x54, 0x54, 0x50, 0x2F]) { return scan(value, .prose, into: &line) }
        line.text(value.part(0, first + 1))
        scan(value.part(first + 1, last), .target, into: &line)
        line.text(value.part(last, value.count))
    }

    private func field(
        _ value: UnsafeBufferPointer<UInt8>, name: UnsafeBufferPointer<UInt8>, into line: inout LineBuffer
    ) {
        switch SecretName.field(name, operators: fieldNames) {
        case .plain: scan(value, .prose, into: &line)
        case .target: scan(value, .target, into: &line)
        case .secret: replace(value, into: &line)
        case .credentials: credentials(value, into: &line)
        case .cookie: cookies(value, isSet: false, into: &line)
        case .setCookie: cookies(value, isSet: true, into: &line)
        case .subprotocols:
            var marked = false
            subprotocols(value, &marked, into: &line)
        }
    }

    /// `Bearer …`: the scheme stays.
    private func credentials(_ value: UnsafeBufferPointer<UInt8>, into line: inout LineBuffer) {
        let scheme = value.firstIndex(of: 0x20) ?? 0
        let isToken = scheme > 0 && scheme <= 20 && value.part(0, scheme).allSatisfy { $0.isLetter || $0 == 0x2D }
        guard isToken else { return replace(value, into: &line) }
        var start = scheme
        while start < value.count, value[start] == 0x20 { start += 1 }
        line.text(value.part(0, start))
        replace(value.part(start, value.count), into: &line)
    }

    /// `name=value; name=value`: the names stay, and of `Set-Cookie` the attributes.
    private func cookies(_ value: UnsafeBufferPointer<UInt8>, isSet: Bool, into line: inout LineBuffer) {
        var start = 0
        var isFirst = true
        while start < value.count {
            let end = value.index(of: 0x3B, from: start) ?? value.count
            let piece = value.part(start, end)
            let blank = piece.prefix { $0 == 0x20 || $0 == 0x09 }.count
            if isSet, !isFirst, SecretName.isCookieAttribute(piece.part(blank, piece.count)) {
                line.text(piece)
            } else if let equals = piece.firstIndex(of: 0x3D) {
                line.text(piece.part(0, equals + 1))
                replace(piece.part(equals + 1, piece.count), into: &line)
            } else {
                line.text(piece.part(0, blank))
                replace(piece.part(blank, piece.count), into: &line)
            }
            if end < value.count { line.text(value.part(end, end + 1)) }
            start = end + 1
            isFirst = false
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The bytes from `from` up to `to`, indices from zero again.
    @inline(__always)
    func part(_ from: Int, _ to: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: self[from..<Swift.max(from, to)])
    }

    /// The first `byte` at or after `from`.
    func index(of byte: UInt8, from: Int) -> Int? {
        var index = from
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }
}

extension UInt8 {
    var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
    var isDigit: Bool { (0x30...0x39).contains(self) }
    /// A character of base64 or base64url, padding excluded.
    var isBase64: Bool { isLetter || isDigit || self == 0x2D || self == 0x5F || self == 0x2B || self == 0x2F }
    var lowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
