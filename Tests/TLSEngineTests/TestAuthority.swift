import COpenSSL
import COpenSSLShim
import Glibc
import TLSEngine

/// A certificate authority that lives as long as a test: it issues what the test wants to see refused or accepted.
///
/// @unchecked Sendable: like `TestIdentity`, never changed after it was made.
final class TestAuthority: @unchecked Sendable {
    /// What a certificate is to say.
    struct Request {
        var commonName = "app.test"
        /// As OpenSSL writes them: `DNS:app.test`, `IP:127.0.0.1`.
        var names = ["DNS:app.test"]
        /// Seconds from now.
        var notBefore = -3_600
        var notAfter = 86_400
        var isAuthority = false
        var issuerAddress = false
        var key = TestKey.p256
    }

    let subject: TestIdentity

    /// A root of its own.
    init(name: String = "Test Root") {
        subject = TestIdentity.make(Request(commonName: name, names: [], isAuthority: true), issuer: nil)
    }

    private init(subject: TestIdentity) {
        self.subject = subject
    }

    func issue(_ request: Request = Request()) -> TestIdentity {
        TestIdentity.make(request, issuer: subject)
    }

    /// An authority below this one.
    func intermediate(name: String = "Test Intermediate") -> TestAuthority {
        TestAuthority(subject: issue(Request(commonName: name, names: [], isAuthority: true, issuerAddress: true)))
    }

    static func selfSigned(_ request: Request = Request()) -> TestIdentity {
        TestIdentity.make(request, issuer: nil)
    }
}

/// What kind of key a certificate is for.
enum TestKey {
    case p256
    case rsa(bits: Int32)

    func generate() -> OpaquePointer {
        switch self {
        case .p256: return copensslshim_ec_gen("P-256")
        case .rsa(let bits):
            var key: OpaquePointer?
            let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil)
            defer { EVP_PKEY_CTX_free(context) }
            EVP_PKEY_keygen_init(context)
            EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits)
            EVP_PKEY_generate(context, &key)
            guard let key else { preconditionFailure("OpenSSL made no RSA key") }
            return key
        }
    }
}

/// A certificate with its key, as objects and as PEM.
final class TestIdentity: @unchecked Sendable {
    let x509: OpaquePointer
    let key: OpaquePointer

    private init(x509: OpaquePointer, key: OpaquePointer) {
        self.x509 = x509
        self.key = key
    }

    deinit {
        X509_free(x509)
        EVP_PKEY_free(key)
    }

    var certificatePEM: String { TestIdentity.text { PEM_write_bio_X509($0, self.x509) } }
    var keyPEM: String { TestIdentity.text { PEM_write_bio_PrivateKey($0, self.key, nil, nil, 0, nil, nil) } }
    var encryptedKeyPEM: String {
        let passphrase = Array("secret".utf8)
        return TestIdentity.text {
            PEM_write_bio_PrivateKey($0, self.key, EVP_aes_128_cbc(), passphrase, Int32(passphrase.count), nil, nil)
        }
    }

    fileprivate static func make(_ request: TestAuthority.Request, issuer: TestIdentity?) -> TestIdentity {
        let key = request.key.generate()
        let x509: OpaquePointer = X509_new()
        X509_set_version(x509, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(x509), Int.random(in: 1...Int(Int32.max)))
        X509_gmtime_adj(X509_getm_notBefore(x509), request.notBefore)
        X509_gmtime_adj(X509_getm_notAfter(x509), request.notAfter)
        X509_set_pubkey(x509, key)
        let name = X509_get_subject_name(x509)
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, request.commonName, -1, -1, 0)
        X509_set_issuer_name(x509, issuer.map { X509_get_subject_name($0.x509) } ?? name)
        var extensions: [(Int32, String)] = [
            (NID_basic_constraints, request.isAuthority ? "critical,CA:TRUE" : "critical,CA:FALSE"),
            (
                NID_key_usage,
                request.isAuthority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature,keyEncipherment"
            ),
            (NID_subject_key_identifier, "hash"),
        ]
        if !request.names.isEmpty { extensions.append((NID_subject_alt_name, request.names.joined(separator: ","))) }
        if request.issuerAddress { extensions.append((NID_info_access, "caIssuers;URI:http://issuer.test/ca.crt")) }
        for (kind, value) in extensions {
            var context = X509V3_CTX()
            X509V3_set_ctx(&context, issuer?.x509 ?? x509, x509, nil, nil, 0)
            let made = X509V3_EXT_conf_nid(nil, &context, kind, value)
            X509_add_ext(x509, made, -1)
            X509_EXTENSION_free(made)
        }
        X509_sign(x509, issuer?.key ?? key, EVP_sha256())
        return TestIdentity(x509: x509, key: key)
    }

    private static func text(_ write: (OpaquePointer?) -> Int32) -> String {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        _ = write(bio)
        var start: UnsafeMutablePointer<CChar>?
        let count = copensslshim_get_mem_data(bio, &start)
        return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
}

/// A directory that disappears with the test.
final class TestFiles {
    private let directory: String
    private var names: [String] = []

    init() {
        var template = Array("/tmp/tlsengine-XXXXXX".utf8CString)
        directory = String(cString: mkdtemp(&template))
    }

    deinit {
        for name in names { unlink("\(directory)/\(name)") }
        rmdir(directory)
    }

    /// Writes a file (again) and gives its path.
    func write(_ text: String, as name: String) -> String {
        let path = "\(directory)/\(name)"
        let file = fopen(path, "w")
        fputs(text, file)
        fclose(file)
        if !names.contains(name) { names.append(name) }
        return path
    }

    func missing(_ name: String) -> String { "\(directory)/\(name)" }

    /// Writes certificate (with its chain) and key.
    func write(_ identity: TestIdentity, chain: [TestIdentity] = [], as name: String, names: [String] = [])
        -> CertificateFiles
    {
        let pem = ([identity] + chain).map(\.certificatePEM).joined()
        return CertificateFiles(
            certificate: write(pem, as: name + ".pem"), key: write(identity.keyPEM, as: name + ".key"), names: names)
    }
}
