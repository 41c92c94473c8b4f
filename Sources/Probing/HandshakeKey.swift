import TLSEngine
import WebSocketWire

/// Keys for handshakes of our own.
public enum HandshakeKey {
    /// 16 random bytes in base64 (RFC 6455 §4.1): a new one each time.
    public static func fresh() -> String {
        var nonce = InlineArray<16, UInt8>(repeating: 0)
        var random = SecureRandom()
        for index in nonce.indices { nonce[index] = UInt8(truncatingIfNeeded: random.next()) }
        return String(decoding: AcceptKey.key(nonce: nonce), as: UTF8.self)
    }
}
