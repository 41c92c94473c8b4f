import COpenSSL
import ProxyCore

/// A secret, ready to compute HMAC (RFC 2104) with one hash.
///
/// OpenSSL's one-shot function looks the algorithm up by its name and works the key in anew each time, which costs several times what the code
/// of a token does. Here both are done once, and each code is computed on a copy of the prepared context. Immutable.
///
/// @unchecked Sendable: the context is only ever copied from, and reading it from several threads changes nothing.
final class HMACKey: @unchecked Sendable {
    private let prepared: OpaquePointer

    /// Nil for a key without octets, an algorithm without HMAC, or where OpenSSL refuses.
    init?(_ algorithm: TokenAlgorithm, _ secret: [UInt8]) {
        guard !secret.isEmpty, let hash = Hashing.hash(algorithm), let name = EVP_MD_get0_name(hash),
            let method = EVP_MAC_fetch(nil, "HMAC", nil)
        else { return nil }
        defer { EVP_MAC_free(method) }
        guard let context = EVP_MAC_CTX_new(method) else { return nil }
        // The parameter keeps both pointers: one is a literal's, the other OpenSSL's own. A String's would be gone behind the call.
        let parameter: StaticString = "digest"
        var parameters = [
            OSSL_PARAM_construct_utf8_string(
                UnsafeRawPointer(parameter.utf8Start).assumingMemoryBound(to: CChar.self), UnsafeMutablePointer(mutating: name), 0),
            OSSL_PARAM_construct_end(),
        ]
        guard EVP_MAC_init(context, secret, secret.count, &parameters) == 1 else {
            EVP_MAC_CTX_free(context)
            return nil
        }
        prepared = context
    }

    deinit { EVP_MAC_CTX_free(prepared) }

    /// The code of `octets`; nil if OpenSSL refuses.
    func code(of octets: [UInt8]) -> [UInt8]? {
        guard let context = EVP_MAC_CTX_dup(prepared) else { return nil }
        defer { EVP_MAC_CTX_free(context) }
        var code = [UInt8](repeating: 0, count: 64)
        var count = 0
        guard EVP_MAC_update(context, octets, octets.count) == 1, EVP_MAC_final(context, &code, &count, code.count) == 1 else {
            return nil
        }
        return Array(code.prefix(count))
    }
}
