/// Which of a cluster's endpoints were tried for one request, by their places.
///
/// One word for the first 64, so that a request that gets through at once allocates nothing; a set behind it for clusters that are larger.
public struct TriedEndpoints: Sendable, Hashable {
    @usableFromInline var first: UInt64 = 0
    @usableFromInline var further: Set<Int> = []

    @inlinable public init() {}

    /// Whether none was.
    @inlinable public var isEmpty: Bool { first == 0 && further.isEmpty }

    /// Whether the endpoint at `place` was.
    @inlinable public func contains(_ place: Int) -> Bool {
        UInt(bitPattern: place) < 64 ? first & (1 << UInt64(place)) != 0 : !further.isEmpty && further.contains(place)
    }

    /// Notes the endpoint at `place`.
    @inlinable public mutating func insert(_ place: Int) {
        if UInt(bitPattern: place) < 64 { first |= 1 << UInt64(place) } else { further.insert(place) }
    }
}
