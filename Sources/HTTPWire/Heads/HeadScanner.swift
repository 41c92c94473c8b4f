import Wire

/// Finds the end of a head while it arrives, and never looks at an octet twice.
///
/// A head ends with its first empty line. What counts as a line here is deliberately wider than RFC 9112 §2.2
/// allows: a bare LF ends a line too, so that a head which uses it is found, parsed and refused with a reason,
/// instead of waiting for a time-out. Empty lines before the first other octet belong to the head that follows
/// (some clients send one after a POST); they never end it.
///
/// Between chunks only the state of the line survives: nothing yet, empty, a single CR, or content.
public struct HeadScanner: Sendable {
    /// What is known after a chunk.
    public enum Progress: Sendable, Hashable {
        case needMore
        /// The head's octets with its empty line, counted from the first octet that was ever scanned.
        case complete(length: Int)
        /// More octets than the limit, and no end.
        case tooLarge
    }

    private enum Line: UInt8 { case leading, leadingCarriageReturn, empty, carriageReturn, content }

    private let limit: Int
    private var scanned = 0
    private var line = Line.leading
    private var finished: Progress?

    /// - Parameter limit: the greatest number of octets that a head may have.
    public init(limit: Int) { self.limit = max(limit, 0) }

    /// How many octets have been scanned.
    public var count: Int { scanned }

    /// Whether nothing but empty lines has come: an idle connection, not a slow head.
    public var hasBegun: Bool { line == .empty || line == .carriageReturn || line == .content }

    /// Goes on with the next chunk; after `complete` or `tooLarge` the answer stays.
    public mutating func scan(_ bytes: RawSpan) -> Progress {
        if let finished { return finished }
        // One octet more than allowed is never needed for the answer.
        let end = min(bytes.byteCount, limit - scanned)
        var position = 0
        while position < end {
            if line == .content {
                position = bytes.firstLineFeed(from: position, to: end)
                if position == end { break }
                position += 1
                line = .empty
                continue
            }
            let byte = bytes.byte(at: position)
            position += 1
            switch (line, byte) {
            case (.leading, 0x0D): line = .leadingCarriageReturn
            case (.leading, 0x0A), (.leadingCarriageReturn, 0x0A): line = .leading
            case (.empty, 0x0D): line = .carriageReturn
            case (.empty, 0x0A), (.carriageReturn, 0x0A):
                return finish(.complete(length: scanned + position))
            default: line = .content
            }
        }
        scanned += end
        return scanned == limit ? finish(.tooLarge) : .needMore
    }

    /// Begins anew for the next head on the connection.
    public mutating func reset() { self = HeadScanner(limit: limit) }

    private mutating func finish(_ progress: Progress) -> Progress {
        if case .complete(let length) = progress { scanned = length }
        finished = progress
        return progress
    }
}
