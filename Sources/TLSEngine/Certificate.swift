import COpenSSL
import COpenSSLShim
import Glibc
import Wire

/// An X.509 certificate that we hold a reference to; never changed after it was read.
///
/// @unchecked Sendable: an X509 that nobody changes may be read from every thread.
final class Certificate: @unchecked Sendable {
    let x509: OpaquePointer

    /// Takes over the caller's reference.
    init(owning x509: OpaquePointer) {
        self.x509 = x509
    }

    deinit {
        X509_free(x509)
    }

    /// A certificate from its DER form, or nil if it isn't one.
    convenience init?(der: [UInt8]) {
        let parsed = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var position = bytes.baseAddress
            return d2i_X509(nil, &position, bytes.count)
        }
        guard let parsed else {
            OpenSSLError.clear()
            return nil
        }
        self.init(owning: parsed)
    }

    /// What it says about itself.
    var facts: CertificateFacts { Certificate.facts(of: x509) }

    /// What the certificate that somebody else owns says about itself.
    static func facts(of x509: OpaquePointer) -> CertificateFacts {
        CertificateFacts(
            subject: name(X509_get_subject_name(x509)),
            names: alternativeNames(of: x509),
            issuer: name(X509_get_issuer_name(x509)),
            notBefore: timestamp(X509_get0_notBefore(x509)),
            notAfter: timestamp(X509_get0_notAfter(x509)))
    }

    /// The subject of a certificate in RFC 2253 order.
    static func subject(of x509: OpaquePointer) -> String { name(X509_get_subject_name(x509)) }

    /// Whether the certificate says where its issuer's can be fetched (authority information access).
    static func namesIssuerAddress(_ x509: OpaquePointer) -> Bool {
        X509_get_ext_by_NID(x509, NID_info_access, -1) >= 0
    }

    /// DNS names and IP addresses of the subject alternative name extension; other kinds are of no use to us.
    private static func alternativeNames(of x509: OpaquePointer) -> [String] {
        guard let extensionValue = X509_get_ext_d2i(x509, NID_subject_alt_name, nil, nil) else { return [] }
        let stack = OpaquePointer(extensionValue)
        defer { GENERAL_NAMES_free(stack) }
        var names: [String] = []
        for index in 0..<max(0, OPENSSL_sk_num(stack)) {
            guard let entry = OPENSSL_sk_value(stack, index) else { continue }
            var kind: Int32 = 0
            guard let value = GENERAL_NAME_get0_value(entry.assumingMemoryBound(to: GENERAL_NAME.self), &kind) else {
                continue
            }
            let string = OpaquePointer(value)
            switch kind {
            case GEN_DNS: names.append(VisibleText.of(content(string)))
            case GEN_IPADD: if let address = address(content(string)) { names.append(address) }
            default: continue
            }
        }
        return names
    }

    private static func content(_ string: OpaquePointer) -> [UInt8] {
        let asn1 = UnsafePointer<ASN1_STRING>(string)
        guard let data = ASN1_STRING_get0_data(asn1) else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(max(0, ASN1_STRING_length(asn1)))))
    }

    private static func address(_ bytes: [UInt8]) -> String? {
        func half(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: return SocketAddress(v4: UInt32(half(bytes[...])), port: 0).host
        case 16: return SocketAddress(high: half(bytes[..<8]), low: half(bytes[8...]), port: 0).host
        default: return nil
        }
    }

    private static func name(_ name: OpaquePointer?) -> String {
        guard let name, let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        guard X509_NAME_print_ex(bio, name, 0, copensslshim_name_flags()) >= 0 else { return "" }
        var start: UnsafeMutablePointer<CChar>?
        let count = copensslshim_get_mem_data(bio, &start)
        guard let start, count > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }

    private static func timestamp(_ time: UnsafePointer<ASN1_TIME>?) -> Timestamp {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return .zero }
        let seconds = timegm(&parts)
        return .zero + .seconds(UInt64(max(0, seconds)))
    }
}
