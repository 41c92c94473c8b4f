/// What a certificate says about itself, as a value without a library behind it.
public struct CertificateFacts: Sendable, Hashable {
    /// Whom it was issued to, in the order of RFC 2253 (`CN=app.example.com, O=Example`). May be empty.
    public var subject: String
    /// The names it is good for: DNS names as they stand, IP addresses as text. Browsers look nowhere else.
    public var names: [String]
    /// Who issued it.
    public var issuer: String
    /// Valid from here on; zero if it was said to be before 1970.
    public var notBefore: Timestamp
    /// Valid until here.
    public var notAfter: Timestamp

    public init(subject: String, names: [String], issuer: String, notBefore: Timestamp, notAfter: Timestamp) {
        self.subject = subject
        self.names = names
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
    }
}
