/// A breach of RFC 6455 or RFC 7692 by the peer that sent the bytes, with the close code that answers it.
///
/// The raw value is the fault's name in logs, metrics and findings, and never changes its meaning.
public enum FrameFault: String, Error, Sendable, Hashable, CaseIterable {
    // Headers
    case reservedBits = "reserved-bits"
    case reservedBitMisplaced = "reserved-bit-misplaced"
    case reservedOpcode = "reserved-opcode"
    case controlFragmented = "control-fragmented"
    case controlTooLong = "control-too-long"
    case unmaskedFromClient = "unmasked-from-client"
    case maskedFromServer = "masked-from-server"
    case lengthNotMinimal = "length-not-minimal"
    case lengthTooLarge = "length-too-large"
    case continuationWithoutStart = "continuation-without-start"
    case dataInsideMessage = "data-inside-message"
    // Close payloads
    case closePayloadTooShort = "close-payload-too-short"
    case closeCodeInvalid = "close-code-invalid"
    case closeReasonNotUTF8 = "close-reason-not-utf8"
    // Messages
    case textNotUTF8 = "text-not-utf8"
    case deflateInvalid = "deflate-invalid"
    case messageTooLarge = "message-too-large"
    case tooManyFragments = "too-many-fragments"
    case inflationTooLarge = "inflation-too-large"

    /// The name in logs, metrics and findings.
    public var name: String { rawValue }

    /// The rule that was broken.
    public var section: String {
        switch self {
        case .reservedBits, .reservedOpcode, .lengthNotMinimal, .lengthTooLarge: "RFC 6455 §5.2"
        case .reservedBitMisplaced: "RFC 7692 §6.1"
        case .controlFragmented, .controlTooLong: "RFC 6455 §5.5"
        case .unmaskedFromClient, .maskedFromServer: "RFC 6455 §5.1"
        case .continuationWithoutStart, .dataInsideMessage: "RFC 6455 §5.4"
        case .closePayloadTooShort: "RFC 6455 §5.5.1"
        case .closeCodeInvalid: "RFC 6455 §7.4"
        case .closeReasonNotUTF8, .textNotUTF8: "RFC 6455 §8.1"
        case .deflateInvalid: "RFC 7692 §7.2.2"
        case .messageTooLarge, .tooManyFragments, .inflationTooLarge: "RFC 6455 §10.4"
        }
    }

    /// The close code with which an enforcing peer fails the session.
    public var closeCode: CloseCode {
        switch self {
        case .closeReasonNotUTF8, .textNotUTF8, .deflateInvalid: .invalidPayload
        case .messageTooLarge, .tooManyFragments, .inflationTooLarge: .messageTooBig
        default: .protocolError
        }
    }

    /// What was observed and what the rule expects, in a sentence.
    public var sentence: String {
        switch self {
        case .reservedBits: "A reserved bit is set, and no extension was negotiated that gives it a meaning."
        case .reservedBitMisplaced:
            "RSV1 is set on a control frame or on a continuation; permessage-deflate allows it on a message's first frame only."
        case .reservedOpcode: "The opcode is one that the RFC reserves: 0x3–0x7 or 0xB–0xF."
        case .controlFragmented: "A control frame has no FIN bit; control frames must not be fragmented."
        case .controlTooLong: "A control frame declares more than 125 bytes of payload."
        case .unmaskedFromClient: "A frame from the client is not masked; clients must mask every frame."
        case .maskedFromServer: "A frame from the server is masked; servers must not mask."
        case .lengthNotMinimal:
            "The payload length stands in a longer form than it needs; the shortest form is required."
        case .lengthTooLarge: "The 64-bit payload length has its highest bit set, which must be 0."
        case .continuationWithoutStart: "A continuation frame came while no message was open."
        case .dataInsideMessage: "A text or binary frame came before the fragmented message before it was finished."
        case .closePayloadTooShort:
            "The close frame's payload is one byte; it must be empty or begin with a code of two bytes."
        case .closeCodeInvalid:
            "The close code must not stand on the wire (allowed are 1000–1003, 1007–1014 and 3000–4999)."
        case .closeReasonNotUTF8: "The close reason is not UTF-8."
        case .textNotUTF8: "A text message is not UTF-8."
        case .deflateInvalid: "The compressed message is not valid DEFLATE data."
        case .messageTooLarge: "The message is larger than the configured limit."
        case .tooManyFragments: "The message has more fragments than the configured limit."
        case .inflationTooLarge:
            "The compressed message inflates to far more than its size on the wire; the limit of the ratio was passed."
        }
    }
}

/// A fault and where the frame that carries it began, in bytes of the direction after the handshake.
public struct LocatedFault: Sendable, Hashable {
    public var fault: FrameFault
    /// Bytes of this direction before the first byte of the faulty frame.
    public var offset: UInt64

    @inlinable public init(_ fault: FrameFault, at offset: UInt64) {
        self.fault = fault
        self.offset = offset
    }
}
