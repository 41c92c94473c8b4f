import HTTPWire
import ProxyCore
import TestSupport
import Wire

/// Heads from text whose lines end in LF here and in CRLF on the wire.
func requestHead(_ text: String) -> RequestHead { RequestHead(copy: crlf(text)) }
func responseHead(_ text: String) -> ResponseHead { ResponseHead(copy: crlf(text)) }

private func crlf(_ text: String) -> [UInt8] {
    Array(text.utf8).flatMap { $0 == 0x0A ? bytes(0x0D, 0x0A) : [$0] } + bytes("\r\n\r\n")
}

let client = SocketAddress(v4: 0xCB00_7107, port: 5000)
let edge = SocketAddress(v4: 0x0A00_0001, port: 6000)
let trusted = ["10.0.0.0/8"].compactMap { AddressBlock($0) }

func context(
    _ head: RequestHead, peer: SocketAddress = client, isSecure: Bool = false, upgrade: Bool = false
) -> ForwardingContext {
    let identity = ClientIdentity(peer: peer, isSecure: isSecure, trustedProxies: trusted, head: head)
    return ForwardingContext(identity: identity, listenerPort: 8080, isWebSocketUpgrade: upgrade)
}

/// The head that goes upstream, parsed again (so it is known to be valid), or nil if it was refused.
func forwarded(_ head: RequestHead, _ context: ForwardingContext) -> RequestHead? {
    var writer = HeadWriter()
    guard RequestForwarding.write(head, context: context, into: &writer) else { return nil }
    return RequestHead(copy: writer.bytes)
}

extension MessageHead {
    /// `name: value` of each line, names in lower case.
    var lines: [String] { fields.map { text($0.name).lowercased() + ": " + text($0.value) } }

    /// The values of a field.
    func all(_ name: String) -> [String] {
        fields.filter { text($0.name).lowercased() == name }.map { text($0.value) }
    }
}
