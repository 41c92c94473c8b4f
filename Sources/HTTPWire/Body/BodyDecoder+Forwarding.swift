public import Wire

extension BodyDecoder {
    /// How the next hop gets the body.
    public enum NextHop: Sendable, Hashable {
        /// With the framing that it came in: chunked stays chunked.
        case sameFraming
        /// Payload only: to an HTTP/1.0 client, or to somebody who reads the content.
        case payload
    }

    /// The next range of the cursor's span that goes on as it is, neighbours joined; nil if there is none in the rest
    /// of the span (then `isComplete` tells the end from "needs more").
    ///
    /// A body with a length, and a canonical chunked one, give the whole span in one range. Trailers are dropped.
    /// Reads no further than the end of the body. When a fault is met behind octets that may go on, these are returned
    /// first and the fault is thrown by the next call.
    public mutating func nextForwarded(
        _ cursor: inout ByteCursor, to nextHop: NextHop = .sameFraming
    ) throws(BodyFault) -> Range<Int>? {
        var dropped: [UInt8] = []
        return try nextForwarded(&cursor, to: nextHop, trailers: &dropped)
    }

    /// The same, with the trailer section's octets put at the end of `trailers`, at most as many as the limits allow.
    ///
    /// A returned range that stands behind the trailers is recognised by `isPastTrailers`: what is to go on of them goes
    /// before it.
    public mutating func nextForwarded(
        _ cursor: inout ByteCursor, to nextHop: NextHop = .sameFraming, trailers: inout [UInt8]
    ) throws(BodyFault) -> Range<Int>? {
        var joined: Range<Int>?
        while true {
            let event: Event?
            do {
                event = try next(&cursor)
            } catch {
                if let joined { return joined }
                throw error
            }
            switch event {
            case nil, .end?: return joined
            case .data(let piece)?: joined = (joined?.lowerBound ?? piece.lowerBound)..<piece.upperBound
            case .framing(let piece)? where nextHop == .sameFraming:
                joined = (joined?.lowerBound ?? piece.lowerBound)..<piece.upperBound
            case .trailer(let piece)?:
                trailers.append(contentsOf: cursor.bytes.copied(piece))
                if let joined { return joined }
            case .framing?, .surplus?:
                // A gap ends the range; there is nothing to give back, the gap has been read.
                if let joined { return joined }
            }
        }
    }
}
