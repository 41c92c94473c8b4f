import COpenSSL
import Glibc

/// The blocks of a PEM file, read whole and sorted by their labels, so that an error can name what is really there.
struct PEMFile {
    /// No bundle of certificates comes near it; a larger file was named by mistake.
    static let largestSize = 8 * 1024 * 1024

    /// One `-----BEGIN …-----` block.
    struct Block {
        var label: String
        var isEncrypted: Bool
        var der: [UInt8]
    }

    let path: String
    let blocks: [Block]

    /// Reads and parses the file at `path`.
    init(path: String) throws(TLSContextError) {
        self.path = path
        let content = try PEMFile.read(path)
        blocks = PEMFile.parse(content)
        guard blocks.isEmpty else { return }
        let looksLikeDER = content.count > 3 && content[0] == 0x30 && content[1] >= 0x80
        throw TLSContextError(
            .notPEM, path: path,
            content.isEmpty
                ? "the file is empty; a PEM file with -----BEGIN …----- blocks is expected"
                : looksLikeDER
                    ? "the file looks like DER; convert it to PEM (openssl x509 -inform der -in FILE -out FILE.pem)"
                    : "no complete PEM block was found; -----BEGIN …----- and -----END …----- lines with base 64 "
                        + "between them are expected")
    }

    /// Every certificate, in the file's order. At least one, or it is an error.
    func certificates() throws(TLSContextError) -> [Certificate] {
        var certificates: [Certificate] = []
        for block in blocks where block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE" {
            guard let certificate = Certificate(der: block.der) else {
                throw TLSContextError(
                    .malformed, path: path,
                    "certificate \(certificates.count + 1) of the file can't be parsed; was the file cut or edited?")
            }
            certificates.append(certificate)
        }
        guard certificates.isEmpty else { return certificates }
        throw TLSContextError(
            .wrongPEMKind, path: path,
            "the file holds \(labels), but no CERTIFICATE; name the certificate's file here and the key's file as "
                + "the key")
    }

    /// The one private key.
    func privateKey() throws(TLSContextError) -> PrivateKey {
        guard let block = blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
            throw TLSContextError(
                .wrongPEMKind, path: path,
                "the file holds \(labels), but no PRIVATE KEY; name the file of the certificate's private key")
        }
        guard !block.isEncrypted else {
            throw TLSContextError(
                .keyEncrypted, path: path,
                "the private key is protected by a passphrase, and nobody is there to type it; store it without one "
                    + "(openssl pkey -in FILE -out FILE.plain) in a file that only this service may read")
        }
        guard let key = PrivateKey(der: block.der) else {
            throw TLSContextError(
                .malformed, path: path,
                "the \(block.label) block can't be parsed; was the file cut or edited?")
        }
        return key
    }

    /// What is there, for an error: `1 RSA PRIVATE KEY and 2 CERTIFICATE`.
    private var labels: String {
        var counts: [(label: String, count: Int)] = []
        for block in blocks {
            if let index = counts.firstIndex(where: { $0.label == block.label }) {
                counts[index].count += 1
            } else {
                counts.append((block.label, 1))
            }
        }
        return counts.map { "\($0.count) \($0.label)" }.joined(separator: " and ")
    }

    private static func parse(_ content: [UInt8]) -> [Block] {
        content.withUnsafeBytes { bytes -> [Block] in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return [] }
            defer { BIO_free(bio) }
            var blocks: [Block] = []
            var label: UnsafeMutablePointer<CChar>?
            var header: UnsafeMutablePointer<CChar>?
            var data: UnsafeMutablePointer<UInt8>?
            var count = 0
            while PEM_read_bio(bio, &label, &header, &data, &count) == 1 {
                defer {
                    CRYPTO_free(label, #file, #line)
                    CRYPTO_free(header, #file, #line)
                    CRYPTO_clear_free(data, Int(max(0, count)), #file, #line)
                }
                guard let label, let data else { continue }
                let name = String(cString: label)
                let fields = header.map { String(cString: $0) } ?? ""
                blocks.append(
                    Block(
                        label: name,
                        isEncrypted: name.hasPrefix("ENCRYPTED") || fields.contains("ENCRYPTED"),
                        der: Array(UnsafeBufferPointer(start: data, count: max(0, count)))))
            }
            // The end of the file is an "error" too.
            OpenSSLError.clear()
            return blocks
        }
    }

    private static func read(_ path: String) throws(TLSContextError) -> [UInt8] {
        guard let file = fopen(path, "rbe") else {
            let reason = String(cString: strerror(errno))
            throw TLSContextError(
                .fileUnreadable, path: path, "the file can't be opened (\(reason)); check the path and who may read it")
        }
        defer { fclose(file) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while content.count <= largestSize {
            let count = fread(&chunk, 1, chunk.count, file)
            content.append(contentsOf: chunk[..<count])
            guard count == chunk.count else { break }
        }
        guard ferror(file) == 0 else {
            let reason = String(cString: strerror(errno))
            throw TLSContextError(
                .fileUnreadable, path: path, "the file can't be read (\(reason)); a PEM file is expected")
        }
        guard content.count <= largestSize else {
            throw TLSContextError(
                .fileUnreadable, path: path, "the file is larger than 8 MiB; a PEM file with certificates is expected")
        }
        return content
    }
}
