package import Wire

/// A quotation that a reader can check: what was seen, and where in the bytes.
package struct Evidence: Sendable, Hashable {
    /// What it is: "request field", "response body", "close frame", "backend output".
    package var what: String
    /// Verbatim, redacted where secret, control bytes escaped, at most a few hundred characters.
    package var observed: String
    /// What would have been right, where that is known.
    package var expected: String?
    package var location: Location?

    /// A byte range on one side of the session.
    package struct Location: Sendable, Hashable {
        package var side: Side
        /// From the first byte that this side sent, in bytes.
        package var offset: UInt64
        package var length: UInt64

        package init(side: Side, offset: UInt64, length: UInt64) {
            self.side = side
            self.offset = offset
            self.length = length
        }
    }

    package init(what: String, observed: String, expected: String? = nil, location: Location? = nil) {
        self.what = what
        self.observed = observed
        self.expected = expected
        self.location = location
    }
}
