/// What a fingerprint needs before its marks are worth comparing: a few bytes, so that most of them are passed by with one look.
///
/// An opened session has status 101 and no body, which leaves a handful of the more than a hundred; a healthy handshake must not
/// pay for the diagnosis of broken ones.
struct FingerprintGate: Sendable {
    /// The status that it needs; 0 for any.
    private let status: UInt16
    private let leastStatus: UInt16
    private let needsBody: Bool
    private let needsServer: Bool

    init(_ marks: [Fingerprint.Mark]) {
        var status: UInt16 = 0
        var least: UInt16 = 0
        var body = false
        var server = false
        for mark in marks {
            switch mark {
            case .status(let number): status = UInt16(clamping: number)
            case .statusAtLeast(let number): least = UInt16(clamping: number)
            case .bodyIs, .bodyBegins, .bodyHas, .html: body = true
            case .server: server = true
            default: break
            }
        }
        self.status = status
        leastStatus = least
        needsBody = body
        needsServer = server
    }

    /// Whether the marks can hold at all.
    func admits(status number: Int, hasBody: Bool, hasServer: Bool) -> Bool {
        (status == 0 || Int(status) == number) && Int(leastStatus) <= number && (!needsBody || hasBody)
            && (!needsServer || hasServer)
    }
}
