/// Why a TLS context could not be built. The context that runs already is not touched by it.
public struct TLSContextError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in a form that never changes its meaning.
    public let kind: Kind
    /// The file that it is about; nil if it isn't about a file.
    public let path: String?
    /// Observed, expected, and what to do.
    public let sentence: String

    public init(_ kind: Kind, path: String? = nil, _ sentence: String) {
        self.kind = kind
        self.path = path
        self.sentence = sentence
    }

    public var description: String { path.map { "\($0): \(sentence)" } ?? sentence }

    /// What can be wrong.
    public enum Kind: String, Sendable, Hashable {
        /// The file is missing, a directory, too large, or may not be read.
        case fileUnreadable = "file_unreadable"
        /// The file holds no PEM block at all.
        case notPEM = "not_pem"
        /// The file holds PEM blocks, but of another kind than is needed here.
        case wrongPEMKind = "wrong_pem_kind"
        /// A block is what it should be by its label, but can't be parsed.
        case malformed
        /// The private key is protected by a passphrase.
        case keyEncrypted = "key_encrypted"
        /// The private key belongs to another certificate.
        case keyMismatch = "key_mismatch"
        /// The file's first certificate is not the server's own.
        case chainOrder = "chain_order"
        /// The certificate is past its date.
        case expired
        /// The certificate is not valid yet.
        case notYetValid = "not_yet_valid"
        /// Nothing to serve with.
        case noCertificate = "no_certificate"
        /// OpenSSL refuses it (a key too short, a hash too weak).
        case refused
    }
}
