import Wire

/// Which paths a route serves: one exactly, or everything at and below a prefix.
///
/// A prefix ends at a segment: `/ws` serves `/ws` and `/ws/a`, not `/wsx`. Compared is the canonical path, so that one
/// spelling can't reach what another is refused.
public enum PathPattern: Sendable, Hashable, CustomStringConvertible {
    case exact([UInt8])
    case prefix([UInt8])

    /// Everything.
    public static let all = PathPattern.prefix([0x2F])

    /// A pattern from the configuration's text.
    ///
    /// - Throws: Why no canonical path could ever match it.
    public init(_ text: String, exact: Bool) throws(PathPatternFault) {
        let bytes = Array(text.utf8)
        guard bytes.first == 0x2F else { throw .notAbsolute }
        for byte in bytes {
            switch byte {
            case 0x3F, 0x23: throw .query
            case 0x25: throw .encoded
            case 0x2A: throw .star
            case 0x21...0x5B, 0x5D...0x7E: break
            default: throw .character
            }
        }
        for (index, segment) in bytes.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false).enumerated() {
            let isLast = index == bytes.dropFirst().count { $0 == 0x2F }
            if segment.isEmpty && !isLast { throw .notCanonical }
            if segment.elementsEqual([0x2E]) || segment.elementsEqual([0x2E, 0x2E]) { throw .notCanonical }
        }
        self = exact ? .exact(bytes) : .prefix(bytes)
    }

    /// Whether the canonical path `path` is served.
    public func matches(_ path: RawSpan) -> Bool {
        switch self {
        case .exact(let wanted): path.byteCount == wanted.count && PathPattern.begins(path, with: wanted)
        case .prefix(let wanted): PathPattern.isBelow(path, wanted)
        }
    }

    public var description: String {
        switch self {
        case .exact(let path): "=" + String(decoding: path, as: UTF8.self)
        case .prefix(let path): String(decoding: path, as: UTF8.self)
        }
    }

    /// How much the pattern says; the larger is tried first. An exact path beats every prefix.
    var specificity: Int {
        switch self {
        case .exact: .max
        case .prefix(let path): path.count
        }
    }

    /// Whether `path` is `prefix` or lies below it, cut at a segment.
    public static func isBelow(_ path: RawSpan, _ prefix: [UInt8]) -> Bool {
        guard begins(path, with: prefix) else { return false }
        return path.byteCount == prefix.count || prefix.last == 0x2F || path.byte(at: prefix.count) == 0x2F
    }

    private static func begins(_ path: RawSpan, with wanted: [UInt8]) -> Bool {
        guard path.byteCount >= wanted.count else { return false }
        for offset in 0..<wanted.count where path.byte(at: offset) != wanted[offset] { return false }
        return true
    }
}

/// Why a text can't be the path of a route.
public enum PathPatternFault: Error, Sendable, Hashable {
    case notAbsolute, query, encoded, star, character, notCanonical

    /// What was seen and what to do, in one sentence.
    public var explanation: String {
        switch self {
        case .notAbsolute: "does not begin with /"
        case .query: "has a query or fragment; routes look at the path alone"
        case .encoded: "has a percent sign; write the path decoded, as routes compare it"
        case .star: "has a star; a path serves everything below it already, so leave the star out"
        case .character:
            "has a character that no canonical path has; write visible ASCII without spaces and backslashes"
        case .notCanonical: "has an empty, . or .. segment; canonical paths have none"
        }
    }
}
