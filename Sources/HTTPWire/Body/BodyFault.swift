/// Why a body can't be followed any further; the decoder stays silent afterwards.
public struct BodyFault: Error, Sendable, Hashable {
    public let kind: Kind
    /// The octet of the body, as it came over the wire, at which this was seen.
    public let at: UInt64

    @inlinable public init(_ kind: Kind, at offset: UInt64) {
        self.kind = kind
        self.at = offset
    }

    /// What it is; the raw value is the name in logs.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case framingInvalid = "body_framing_invalid"
        case chunkSizeMissing = "chunk_size_missing"
        case chunkSizeInvalid = "chunk_size_invalid"
        case chunkSizeTooLarge = "chunk_size_too_large"
        case chunkExtensionInvalid = "chunk_extension_invalid"
        case chunkExtensionsTooLong = "chunk_extensions_too_long"
        case chunkDataNotEnded = "chunk_data_not_ended"
        case bareLineFeed = "body_bare_line_feed"
        case bareCarriageReturn = "body_bare_carriage_return"
        case trailerInvalid = "trailer_invalid"
        case trailersTooLong = "trailers_too_long"
        /// The sender finished before the body did.
        case truncated = "body_truncated"
    }
}

/// What a chunked body may carry besides its payload.
public struct BodyLimits: Sendable, Hashable {
    /// Octets of chunk extensions in the whole body.
    public var extensions: Int
    /// Octets of the trailer section.
    public var trailers: Int

    @inlinable public init(extensions: Int = 4 << 10, trailers: Int = 8 << 10) {
        self.extensions = extensions
        self.trailers = trailers
    }

    @inlinable public static var `default`: BodyLimits { BodyLimits() }
}
