// The addresses of an endpoint, in the order in which a request tries them.
//
// Theory of operation. A name may stand for several processes, so requests take turns among its addresses. The resolver's order puts the family
// first that reaches the host best (RFC 6724); only that family takes turns, and the other's addresses come after it, for the case
// that it fails as a whole: `localhost` is ::1 and 127.0.0.1, and most servers listen on one of them. An address that took no
// connection a moment ago is tried where its turn comes, but nobody begins with it as long as there is another.
public import Wire

/// See above. One worker's own.
public struct EndpointAddresses: Sendable {
    /// How long nobody begins with an address that took no connection.
    public static let suspicion = TimeSpan.seconds(10)

    /// As the resolver gave them, without repetitions.
    public private(set) var all: [SocketAddress] = []
    /// By address: until when nobody begins with it.
    private var suspectUntil: [Timestamp] = []
    /// How many at the beginning are of the first one's family.
    private var preferred = 0
    private var cursor = 0

    public init(_ addresses: [SocketAddress] = []) { _ = replace(by: addresses) }

    public var isEmpty: Bool { all.isEmpty }
    public var count: Int { all.count }

    /// Takes over another answer of the resolver's; the addresses that are in it no more.
    ///
    /// The same addresses in another order change nothing: many name servers turn them round with each answer.
    public mutating func replace(by fresh: [SocketAddress]) -> [SocketAddress] {
        let gone = all.filter { !fresh.contains($0) }
        guard !gone.isEmpty || fresh.contains(where: { !all.contains($0) }) else { return [] }
        var addresses: [SocketAddress] = []
        var suspicions: [Timestamp] = []
        for address in fresh where !addresses.contains(address) {
            addresses.append(address)
            suspicions.append(all.firstIndex(of: address).map { suspectUntil[$0] } ?? .zero)
        }
        all = addresses
        suspectUntil = suspicions
        preferred = addresses.prefix { $0.isV4 == addresses[0].isV4 }.count
        return gone
    }

    /// Where the next request begins: the argument `from` of its attempts.
    public mutating func begin(now: Timestamp) -> Int {
        guard preferred > 1 else { return 0 }
        for _ in 0..<preferred {
            cursor = (cursor + 1) % preferred
            if suspectUntil[cursor] <= now { break }
        }
        return cursor
    }

    /// The address of a request's attempt, counted from 0; nil where there is none left.
    public func address(attempt: Int, from first: Int) -> SocketAddress? {
        guard attempt >= 0, first >= 0, attempt < all.count else { return nil }
        return attempt < preferred ? all[(first % preferred + attempt) % preferred] : all[attempt]
    }

    /// How long one address may take to accept, where one deadline bounds all attempts and what comes after them. The last one may take all
    /// that is left; each before it a part that leaves as much to its followers and to the answer, and never less than a fifth: names with
    /// very many addresses are tried as far as the time goes.
    public static func share(of remaining: TimeSpan, attempt: Int, of count: Int) -> TimeSpan {
        guard attempt >= 0, attempt < count - 1 else { return remaining }
        return TimeSpan(nanoseconds: remaining.nanoseconds / UInt64(min(count - attempt, 4) + 1))
    }

    /// An address took no connection.
    public mutating func failed(_ address: SocketAddress, now: Timestamp) {
        guard let place = all.firstIndex(of: address) else { return }
        suspectUntil[place] = now + EndpointAddresses.suspicion
    }
}
