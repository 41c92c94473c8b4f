/// A complete answer of the admin endpoints: the shell writes the status line, these fields and the body.
public struct AdminResponse: Sendable, Hashable {
    public var status: Int
    public var contentType: String
    public var body: [UInt8]
    /// Fields besides those of `fields`: `Allow`, `WWW-Authenticate`.
    public var further: [Field] = []
    /// The content security policy. Only the live page's own parts may load anything.
    public var policy = "default-src 'none'; " + closedPolicy

    /// What holds for every answer.
    static let closedPolicy = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    public struct Field: Sendable, Hashable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(status: Int, contentType: String, body: [UInt8], further: [Field] = []) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.further = further
    }

    /// All fields in order, `Content-Length` included. HEAD gets them without the body.
    ///
    /// Nothing here may be kept, framed, sniffed or run: what the endpoints show came from clients.
    public var fields: [Field] {
        [
            Field("Content-Type", contentType),
            Field("Content-Length", String(body.count)),
            Field("Cache-Control", "no-store"),
            Field("Content-Security-Policy", policy),
            Field("X-Content-Type-Options", "nosniff"),
            Field("X-Frame-Options", "DENY"),
            Field("Referrer-Policy", "no-referrer"),
            Field("Cross-Origin-Resource-Policy", "same-origin"),
        ] + further
    }
}
