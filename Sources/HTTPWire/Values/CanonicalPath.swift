/// One spelling for a path, so that route, gate and backend can't see different ones (threat A15).
///
/// Percent escapes of unreserved characters are undone and the others written with capitals (RFC 3986 §6.2.2); both name
/// the same resource. Whatever servers are known to read differently is refused with its reason rather than
/// repaired: a repaired path would be a third opinion.
public enum CanonicalPath: Sendable, Hashable {
    /// The one spelling; nearly always the octets that came.
    case canonical([UInt8])
    /// There is no spelling that everybody would agree on.
    case refused(Reason)

    public enum Reason: String, Sendable, Hashable, CaseIterable {
        case notAbsolute = "path_not_absolute"
        case escapeInvalid = "path_escape_invalid"
        case escapedSlash = "path_escaped_slash"
        case escapedControl = "path_escaped_control"
        case backslash = "path_backslash"
        case dotSegment = "path_dot_segment"
        case emptySegment = "path_empty_segment"
        case parameter = "path_parameter"
    }

    /// What is let through although some servers collapse or strip it.
    public struct Allowance: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// `//`, which some servers read as `/`.
        @inlinable public static var emptySegments: Allowance { Allowance(rawValue: 1) }
        /// `;x` behind a segment, which some servers cut off.
        @inlinable public static var parameters: Allowance { Allowance(rawValue: 2) }
        /// `%2F`, which some servers read as `/`; it stays escaped.
        @inlinable public static var escapedSlashes: Allowance { Allowance(rawValue: 4) }
        /// Everything that can be let through: right where no decision hangs on the path, since there is one route only.
        @inlinable public static var all: Allowance { Allowance(rawValue: 7) }
    }

    /// Judges the path of a request: `*` is its own canonical form, and an absolute target without a path means `/`
    /// (RFC 9112 §3.2.4, RFC 9110 §4.2.3).
    public init(_ head: RequestHead, allowing allowance: Allowance = []) {
        switch head.targetForm {
        case .asterisk: self = .canonical([0x2A])
        case .absolute where head.pathRange.isEmpty: self = .canonical([0x2F])
        default: self.init(head.bytes, head.pathRange, allowing: allowance)
        }
    }

    /// Judges the octets of `range`, a path that begins with `/` and has no query.
    public init(_ bytes: [UInt8], _ range: Range<Int>, allowing allowance: Allowance = []) {
        let range = range.clamped(to: 0..<bytes.count)
        guard let first = range.first, bytes[first] == 0x2F else {
            self = .refused(.notAbsolute)
            return
        }
        // Nearly every path: nothing in it needs a second look.
        var isSimple = true
        for index in range where !bytes[index].isUnreserved || bytes[index] == 0x2E {
            if bytes[index] == 0x2F, index + 1 < range.upperBound, bytes[index + 1] != 0x2F { continue }
            if bytes[index] == 0x2F, index + 1 == range.upperBound { continue }
            isSimple = false
            break
        }
        if isSimple {
            self = .canonical([UInt8](bytes[range]))
            return
        }
        switch CanonicalPath.decode(bytes, range, allowance) {
        case .failure(let reason): self = .refused(reason)
        case .success(let octets):
            if let reason = CanonicalPath.judgeSegments(octets, allowance) {
                self = .refused(reason)
            } else {
                self = .canonical(octets)
            }
        }
    }

    private enum Decoded {
        case success([UInt8])
        case failure(Reason)
    }

    private static func decode(_ bytes: [UInt8], _ range: Range<Int>, _ allowance: Allowance) -> Decoded {
        var octets: [UInt8] = []
        octets.reserveCapacity(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let byte = bytes[position]
            if byte == 0x5C { return .failure(.backslash) }
            guard byte == 0x25 else {
                octets.append(byte)
                position += 1
                continue
            }
            guard position + 2 < range.upperBound, let high = bytes[position + 1].hexadecimalValue,
                let low = bytes[position + 2].hexadecimalValue
            else { return .failure(.escapeInvalid) }
            let value = high << 4 | low
            switch value {
            case 0x2F where !allowance.contains(.escapedSlashes): return .failure(.escapedSlash)
            case 0x5C: return .failure(.backslash)
            case 0..<0x20, 0x7F: return .failure(.escapedControl)
            case _ where value.isUnreserved: octets.append(value)
            default: octets += [0x25, capital(high), capital(low)]
            }
            position += 3
        }
        return .success(octets)
    }

    private static func capital(_ digit: UInt8) -> UInt8 { digit < 10 ? 0x30 + digit : 0x37 + digit }

    private static func judgeSegments(_ octets: [UInt8], _ allowance: Allowance) -> Reason? {
        let segments = octets.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            // `/..;x/` climbs wherever parameters are cut off first; an escaped semicolon may be undone before that.
            let name = cutParameter(segment)
            if name.elementsEqual([0x2E]) || name.elementsEqual([0x2E, 0x2E]) { return .dotSegment }
            if name.count < segment.count, !allowance.contains(.parameters) { return .parameter }
            let isLast = index == segments.count - 1
            if name.isEmpty, !isLast, !allowance.contains(.emptySegments) { return .emptySegment }
        }
        return nil
    }

    /// The segment before `;` or `%3B`.
    private static func cutParameter(_ segment: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        for index in segment.indices {
            if segment[index] == 0x3B { return segment[..<index] }
            if segment[index] == 0x25, segment[index...].starts(with: [0x25, 0x33, 0x42]) { return segment[..<index] }
        }
        return segment
    }
}
