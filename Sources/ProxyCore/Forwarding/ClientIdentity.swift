public import HTTPWire
public import Wire

/// Who sent a request, as far as the hops before us can be believed (threat B20, RFC 7239 §8).
///
/// A hop's word counts only if the connection comes from a trusted proxy. The list is then read from its right end, where
/// the nearest hop wrote: as long as an address is a trusted proxy itself, the one to its left is believed too. The
/// first that isn't trusted is the client. An entry that is no address ends the walk; then the hop that wrote it is as
/// far as we can see.
///
/// Only one kind of list is read, `X-Forwarded-For` or `Forwarded` (`ForwardedFamily`): the other may be the client's own.
public struct ClientIdentity: Sendable, Hashable {
    /// The address of the connection.
    public let peer: SocketAddress
    /// Whether the connection itself is TLS.
    public let peerIsSecure: Bool
    /// Whether the peer is a trusted proxy, so that its fields were read.
    public let peerIsTrusted: Bool
    /// The client's address; the port is 0 unless a hop named it.
    public private(set) var address: SocketAddress
    /// Whether the client used TLS, by the word of the edge or of our own listener.
    public private(set) var isSecure: Bool
    /// The octets of the head that name the host the client asked for.
    public private(set) var host: Range<Int>?
    /// Whether `Forwarded` was read, not `X-Forwarded-*`.
    public let readsForwarded: Bool

    /// - Parameters:
    ///   - peer: the address of the connection.
    ///   - isSecure: whether the connection itself is TLS.
    ///   - family: which kind of fields is believed where both are there.
    public init(
        peer: SocketAddress, isSecure: Bool, trustedProxies trusted: [AddressBlock], family: ForwardedFamily = .extended,
        head: RequestHead
    ) {
        self.peer = peer
        peerIsSecure = isSecure
        address = peer
        self.isSecure = isSecure
        host = head.effectiveHost
        // Nearly everybody: no list of proxies, or no such fields.
        peerIsTrusted = !trusted.isEmpty && trusted.contains { $0.contains(peer) }
        guard peerIsTrusted else {
            readsForwarded = false
            return
        }
        let section = head.section
        let hasExtended =
            section.has(KnownField.xForwardedFor) || section.has(KnownField.xForwardedProto)
            || section.has(KnownField.xForwardedHost)
        readsForwarded = section.has(KnownField.forwarded) && (family == .standard || !hasExtended)
        if readsForwarded {
            readForwarded(head, trusted)
        } else {
            readForwardedFor(head, trusted)
        }
    }

    private mutating func readForwarded(_ head: RequestHead, _ trusted: [AddressBlock]) {
        let elements = head.elements(of: .forwarded).map { ForwardedElement(head.bytes, $0) }
        for element in elements.reversed() {
            guard element.isWellFormed else { return }
            // What a believed hop says of the connection to it is better than what a later hop saw.
            if let scheme = element.scheme { isSecure = ClientIdentity.isSecure(head.bytes, scheme) ?? isSecure }
            if let name = element.host, Authority(head.bytes, name) != nil { host = name }
            guard let node = element.node, let hop = ForwardedElement.address(head.bytes, node) else { return }
            address = hop
            guard trusted.contains(where: { $0.contains(hop) }) else { return }
        }
    }

    private mutating func readForwardedFor(_ head: RequestHead, _ trusted: [AddressBlock]) {
        let hops = head.elements(of: .xForwardedFor)
        var depth = 0
        for node in hops.reversed() {
            guard let hop = ForwardedElement.address(head.bytes, node) else { break }
            address = hop
            depth += 1
            guard trusted.contains(where: { $0.contains(hop) }) else { break }
        }
        let schemes = head.elements(of: .xForwardedProto)
        // One word from the edge, or one word a hop: then the client's hop says it. Else the nearest hop's word.
        let aligned = schemes.count == hops.count && depth > 0 ? schemes.count - depth : schemes.count - 1
        if aligned >= 0, aligned < schemes.count {
            isSecure = ClientIdentity.isSecure(head.bytes, schemes[aligned]) ?? isSecure
        }
        if let name = head.elements(of: .xForwardedHost).last, Authority(head.bytes, name) != nil { host = name }
    }

    /// What a scheme says about TLS; nil for a word that is no scheme of ours.
    private static func isSecure(_ bytes: [UInt8], _ scheme: Range<Int>) -> Bool? {
        if bytes.matches("https", at: scheme) || bytes.matches("wss", at: scheme) { return true }
        if bytes.matches("http", at: scheme) || bytes.matches("ws", at: scheme) { return false }
        return nil
    }
}
