import COpenSSL

/// One entry of OpenSSL's error queue, as a value.
public struct OpenSSLError: Sendable, Hashable, CustomStringConvertible {
    /// The packed code, as OpenSSL's documentation prints it in hexadecimal.
    public let code: UInt
    /// Which of its libraries reported: `SSL routines`, `x509 certificate routines`…
    public let library: String
    /// The reason's number inside that library (SSL_R_… and the like).
    public let reason: Int32
    /// The reason in OpenSSL's words.
    public let text: String
    /// What it added, often empty (a file name, an alert's number).
    public let detail: String

    /// `SSL routines: certificate verify failed (0A000086)`.
    public var description: String {
        let hexadecimal = String(code, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: max(0, 8 - hexadecimal.count)) + hexadecimal
        return "\(library): \(text)\(detail.isEmpty ? "" : ": \(detail)") (\(padded))"
    }

    /// Whether the entry comes from the TLS library itself and has this SSL_R_… reason.
    func isSSL(_ wanted: Int32) -> Bool {
        ERR_GET_LIB(code) == ERR_LIB_SSL && reason == wanted
    }

    /// Takes every entry out of this thread's queue, oldest first.
    ///
    /// The queue belongs to the thread and not to the session: each call of the engine that fails drains it, so that
    /// no session ever reads another's errors.
    static func drain() -> [OpenSSLError] {
        var entries: [OpenSSLError] = []
        var data: UnsafePointer<CChar>?
        var flags: Int32 = 0
        while true {
            let code = ERR_get_error_all(nil, nil, nil, &data, &flags)
            guard code != 0 else { return entries }
            let detail = flags & ERR_TXT_STRING != 0 ? data.map { String(cString: $0) } ?? "" : ""
            entries.append(
                OpenSSLError(
                    code: UInt(code),
                    library: ERR_lib_error_string(code).map { String(cString: $0) } ?? "unknown library",
                    reason: ERR_GET_REASON(code),
                    text: ERR_reason_error_string(code).map { String(cString: $0) } ?? "reason \(ERR_GET_REASON(code))",
                    detail: detail))
        }
    }

    /// Empties the queue before a call whose failure will be read from it.
    @inline(__always)
    static func clear() {
        if ERR_peek_error() != 0 { ERR_clear_error() }
    }
}
