public import Wire

// Which of the sockets that were passed serves which listener of the configuration.
//
// An address is the same if host and port are; port 0 in the configuration takes what is there on its host, since it asked for any;
// `[::]` serves `0.0.0.0` with the same port, since Linux takes both families there and service managers bind it. What speaks TLS
// can't begin to speak plain HTTP with clients that wait in its queue, so that is refused. What is wanted and wasn't passed is
// bound anew; what was passed and isn't wanted is given up (by a predecessor) or a mistake (by a service manager).

/// Passed sockets held against a configuration's listeners.
public struct ListenerMatching: Sendable, Hashable {
    /// A listener of the configuration.
    public struct Wanted: Sendable, Hashable {
        public var address: SocketAddress
        public var isSecure: Bool

        public init(_ address: SocketAddress, isSecure: Bool) {
            self.address = address
            self.isSecure = isSecure
        }
    }

    /// Why they don't go together, as one sentence.
    public struct Mismatch: Error, Sendable, Hashable, CustomStringConvertible {
        public let description: String
    }

    /// For each wanted listener the index of what serves it; nil: to be bound anew.
    public private(set) var listeners: [Int?]
    public private(set) var admin: Int?
    public private(set) var control: Int?
    public private(set) var lineage: Int?
    /// What nobody wants.
    public private(set) var unused: [Int]

    /// - Parameters:
    ///   - admin: where the admin endpoints are to be served; nil: nowhere
    ///   - strict: whether an unused socket is a mistake
    public init(
        offered: [OfferedListener], wanted: [Wanted], admin adminAddress: SocketAddress?, takesControl: Bool, strict: Bool
    ) throws(Mismatch) {
        var free = Set(offered.indices)
        listeners = []
        for want in wanted {
            let candidates = free.sorted().filter { offered[$0].kind.isBound && offered[$0].kind != .admin }
            let found = ListenerMatching.best(candidates, offered, want.address)
            if let found {
                free.remove(found)
                let speaksTLS = offered[found].kind == .tls
                guard offered[found].kind == .unspecified || speaksTLS == want.isSecure else {
                    throw Mismatch(
                        description:
                            "\(want.address) speaks \(speaksTLS ? "TLS" : "plain HTTP") in the running process and \(want.isSecure ? "TLS" : "plain HTTP") in this configuration; "
                            + "a hot restart can't change that: stop the running process and start anew")
                }
            }
            listeners.append(found)
        }
        admin = adminAddress.flatMap { address in
            ListenerMatching.best(free.sorted().filter { offered[$0].kind == .admin }, offered, address)
        }
        if let admin { free.remove(admin) }
        control = takesControl ? free.sorted().first { offered[$0].kind == .control } : nil
        if let control { free.remove(control) }
        lineage = free.sorted().first { offered[$0].kind == .lineage }
        if let lineage { free.remove(lineage) }
        unused = free.sorted()
        if strict, let first = unused.first {
            let address = offered[first].address?.description ?? "a path"
            throw Mismatch(
                description:
                    "the service manager passes a socket on \(address), for which the configuration has no listener; add it to listen, name it \"admin\" if it is for the admin endpoints, or remove it from the socket unit"
            )
        }
    }

    private static func best(_ candidates: [Int], _ offered: [OfferedListener], _ address: SocketAddress) -> Int? {
        if let exact = candidates.first(where: { offered[$0].address == address }) { return exact }
        return candidates.first { index in
            guard let has = offered[index].address else { return false }
            if address.port == 0 { return has.isSameHost(as: address) }
            return has.port == address.port && has.isUnspecifiedV6 && address.isUnspecifiedV4
        }
    }
}

extension SocketAddress {
    fileprivate var isUnspecifiedV6: Bool { high == 0 && low == 0 }
    fileprivate var isUnspecifiedV4: Bool { isV4 && low & 0xFFFF_FFFF == 0 }
}
