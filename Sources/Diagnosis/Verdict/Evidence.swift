public import Wire

/// A quotation that a reader can check: what was seen, and where in the bytes.
public struct Evidence: Sendable, Hashable {
    /// What it is: "request field", "response body", "close frame", "backend output".
    public var what: String
    /// Verbatim, redacted where secret, control bytes escaped, at most a few hundred characters.
    public var observed: String
    /// What would have been right, where that is known.
    public var expected: String?
    public var location: Location?

    /// A byte range on one side of the session.
    public struct Location: Sendable, Hashable {
        public var side: Side
        /// From the first byte that this side sent, in bytes.
        public var offset: UInt64
        public var length: UInt64

        public init(side: Side, offset: UInt64, length: UInt64) {
            self.side = side
            self.offset = offset
            self.length = length
        }
    }

    public init(what: String, observed: String, expected: String? = nil, location: Location? = nil) {
        self.what = what
        self.observed = observed
        self.expected = expected
        self.location = location
    }
}
