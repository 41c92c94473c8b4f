import Wire

/// How the path of a request is changed on its way upstream. The query stays as it is.
public enum PathRewrite: Sendable, Hashable {
    /// `/api/users` becomes `/users`.
    case strip(prefix: [UInt8])
    /// `/api/users` becomes `/v2/users`.
    case replace(prefix: [UInt8], with: [UInt8])

    /// An edit of the path's beginning: drop so many bytes, and put these in their place.
    public struct Edit: Sendable, Hashable {
        public var dropped: Int
        public var inserted: [UInt8]
    }

    /// The edit for the canonical path `path`, or nil if the prefix isn't there and the path stays.
    ///
    /// The result of an edit begins with exactly one slash at the seam, whichever of prefix and replacement ended with one.
    public func edit(_ path: RawSpan) -> Edit? {
        let (prefix, replacement) = parts
        guard PathPattern.isBelow(path, prefix) else { return nil }
        var dropped = prefix.count
        // The slash at the seam stays with the rest of the path where there is one.
        if prefix.last == 0x2F { dropped -= 1 }
        let restHasSlash = dropped < path.byteCount
        var inserted = replacement
        if restHasSlash {
            if inserted.last == 0x2F { inserted.removeLast() }
        } else if inserted.isEmpty {
            inserted = [0x2F]
        }
        return Edit(dropped: dropped, inserted: inserted)
    }

    private var parts: (prefix: [UInt8], replacement: [UInt8]) {
        switch self {
        case .strip(let prefix): (prefix, [])
        case .replace(let prefix, let replacement): (prefix, replacement)
        }
    }
}
