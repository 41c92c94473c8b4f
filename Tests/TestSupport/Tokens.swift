import COpenSSL

/// JWT by hand, so that they can be wrong in whatever way a test wants.
package enum Tokens {
    /// base64url without padding (RFC 7515 §2).
    package static func encoded(_ octets: [UInt8]) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var result: [UInt8] = []
        var (bits, count) = (UInt32(0), UInt32(0))
        for octet in octets {
            bits = (bits << 8 | UInt32(octet)) & 0xFFFF
            count += 8
            while count >= 6 {
                count -= 6
                result.append(alphabet[Int(bits >> count & 63)])
            }
        }
        if count > 0 { result.append(alphabet[Int(bits << (6 - count) & 63)]) }
        return result
    }

    /// Header and claims, without the second point.
    package static func unsigned(_ header: String, _ claims: String) -> [UInt8] {
        encoded(Array(header.utf8)) + [0x2E] + encoded(Array(claims.utf8))
    }

    /// A token with an HMAC of `secret`, whatever that is.
    ///
    /// - Parameter header: what stands in the header behind `alg`
    package static func hmac(
        _ secret: [UInt8], _ claims: String = #"{"sub":"ann","exp":2000}"#, header: String = ""
    ) -> [UInt8] {
        let signed = unsigned("{\"alg\":\"HS256\"\(header)}", claims)
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        HMAC(EVP_sha256(), secret, Int32(secret.count), signed, signed.count, &code, &length)
        return signed + [0x2E] + encoded(code)
    }
}
