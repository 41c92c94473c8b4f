import COpenSSL

/// ALPN (RFC 7301): one protocol, `http/1.1`. HTTP/2 is never chosen, because nothing behind this engine speaks it.
enum ApplicationProtocol {
    static let name = "http/1.1"
    /// The list as it is sent: each name after its length.
    static let wireForm: [UInt8] = [UInt8(name.utf8.count)] + Array(name.utf8)

    /// Makes a server choose. A client that offers others only is refused with no_application_protocol (§3.2): it
    /// would not understand what it got.
    static func installServer(in context: OpaquePointer) {
        SSL_CTX_set_alpn_select_cb(
            context,
            { ssl, chosen, chosenCount, offered, offeredCount, _ in
                let list = UnsafeBufferPointer(start: offered, count: Int(offeredCount))
                var names: [String] = []
                var position = 0
                while position < list.count {
                    let end = position + 1 + Int(list[position])
                    guard end <= list.count else { break }
                    let name = UnsafeBufferPointer(rebasing: list[position + 1..<end])
                    if name.elementsEqual(ApplicationProtocol.name.utf8) {
                        chosen?.pointee = name.baseAddress
                        chosenCount?.pointee = UInt8(name.count)
                        return SSL_TLSEXT_ERR_OK
                    }
                    if names.count < 16 { names.append(VisibleText.of(name)) }
                    position = end
                }
                CiphertextPort.of(ssl: ssl)?.pointee.evidence.protocolsOffered = names
                return SSL_TLSEXT_ERR_ALERT_FATAL
            }, nil)
    }

    /// Makes a client offer it. OpenSSL's answer is 0 for success here.
    static func installClient(in context: OpaquePointer) -> Bool {
        SSL_CTX_set_alpn_protos(context, wireForm, UInt32(wireForm.count)) == 0
    }
}
