import Wire

/// What a close frame said (RFC 6455 §5.5.1), kept even where it breaks the rules: it is evidence.
public struct CloseFrame: Sendable, Hashable {
    /// The most bytes of a reason: 125 less the code's two.
    public static let longestReason = 123

    /// The code, or nil if the payload was empty or a single byte.
    public var code: CloseCode?
    /// The reason's bytes as they came, unmasked.
    public var reasonBytes: [UInt8]
    /// What is wrong with the payload, if anything is.
    public var fault: FrameFault?

    /// Reads an unmasked payload; more than 125 bytes (which no valid close frame has) are cut.
    public init(payload: RawSpan) {
        reasonBytes = payload.byteCount > 2 ? payload.copied(2..<min(payload.byteCount, 125)) : []
        switch payload.byteCount {
        case 0:
            return
        case 1:
            fault = .closePayloadTooShort
        default:
            let code = CloseCode(payload.bigEndian16(at: 0))
            self.code = code
            if !code.isValidOnWire {
                fault = .closeCodeInvalid
            } else if !UTF8Validator.isValid(unsafe reasonBytes.span.bytes) {
                fault = .closeReasonNotUTF8
            } else if payload.byteCount > 125 {
                fault = .controlTooLong
            }
        }
    }

    /// The reason as text; what is not UTF-8 stands as U+FFFD.
    public var reason: String { String(decoding: reasonBytes, as: UTF8.self) }
}
