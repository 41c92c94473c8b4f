import COpenSSL

/// A private key in memory; never changed after it was read, freed (and wiped) by OpenSSL.
///
/// @unchecked Sendable: an EVP_PKEY that nobody changes may be used from every thread.
final class PrivateKey: @unchecked Sendable {
    let key: OpaquePointer

    /// Takes over the caller's reference.
    init(owning key: OpaquePointer) {
        self.key = key
    }

    deinit {
        EVP_PKEY_free(key)
    }

    /// A key from its DER form (PKCS #8 or one of the older forms), or nil if it isn't one.
    convenience init?(der: [UInt8]) {
        let parsed = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var position = bytes.baseAddress
            return d2i_AutoPrivateKey(nil, &position, bytes.count)
        }
        // Trying the forms one after the other leaves errors behind even when one fits.
        OpenSSLError.clear()
        guard let parsed else { return nil }
        self.init(owning: parsed)
    }

    /// Whether the key belongs to `certificate`.
    func belongs(to certificate: Certificate) -> Bool {
        defer { OpenSSLError.clear() }
        return X509_check_private_key(certificate.x509, key) == 1
    }
}
