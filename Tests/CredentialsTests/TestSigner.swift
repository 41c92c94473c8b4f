import COpenSSL
import COpenSSLShim
import Credentials
import ProxyCore
import TestSupport

/// Makes tokens, good and bad, with keys of its own.
final class TestSigner {
    let key: OpaquePointer

    init(_ kind: String) throws {
        if kind.hasPrefix("P-") {
            guard let key = copensslshim_ec_gen(kind) else { throw Failed() }
            self.key = key
            return
        }
        let context = EVP_PKEY_CTX_new_from_name(nil, kind, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_generate(context, &made) == 1, let made else { throw Failed() }
        key = made
    }

    deinit { EVP_PKEY_free(key) }

    struct Failed: Error {}

    /// The public key in PEM.
    var pem: [UInt8] {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        PEM_write_bio_PUBKEY(bio, key)
        var data: UnsafeMutablePointer<CChar>?
        let count = copensslshim_get_mem_data(bio, &data)
        return Array(UnsafeRawBufferPointer(start: data, count: count))
    }

    func sign(_ octets: [UInt8], _ algorithm: TokenAlgorithm) throws -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?
        let hash = algorithm.hashBits == 256 ? EVP_sha256() : algorithm.hashBits == 384 ? EVP_sha384() : EVP_sha512()
        guard EVP_DigestSignInit(context, &parameters, algorithm == .edDSA ? nil : hash, nil, key) == 1 else { throw Failed() }
        if algorithm.isPSS {
            EVP_PKEY_CTX_set_rsa_padding(parameters, 6)
            EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, -1)
        }
        var length = 0
        guard EVP_DigestSign(context, nil, &length, octets, octets.count) == 1 else { throw Failed() }
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSign(context, &signature, &length, octets, octets.count) == 1 else { throw Failed() }
        signature = Array(signature.prefix(length))
        guard case .curve(let coordinate) = algorithm.family else { return signature }
        return raw(signature, coordinate)
    }

    /// The two numbers of a DER signature, each at full length.
    private func raw(_ der: [UInt8], _ coordinate: Int) -> [UInt8] {
        var position = der[1] & 0x80 == 0 ? 2 : 3
        var result: [UInt8] = []
        for _ in 0..<2 {
            let count = Int(der[position + 1])
            let number = der[(position + 2)..<(position + 2 + count)].drop { $0 == 0 }
            result += [UInt8](repeating: 0, count: coordinate - number.count) + number
            position += 2 + count
        }
        return result
    }

    func token(_ algorithm: TokenAlgorithm, _ claims: String = #"{"sub":"ann","exp":2000}"#, header: String = "") throws -> [UInt8]
    {
        let signed = Tokens.unsigned("{\"alg\":\"\(algorithm.rawValue)\"\(header)}", claims)
        return signed + [0x2E] + Tokens.encoded(try sign(signed, algorithm))
    }
}
