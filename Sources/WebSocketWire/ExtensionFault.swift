/// What is wrong with an element of `Sec-WebSocket-Extensions` (RFC 6455 §9.1, RFC 7692 §7.1).
///
/// In an offer a server declines the element and goes on; in an answer the client must fail the connection.
public enum ExtensionFault: String, Error, Sendable, Hashable, CaseIterable {
    case malformed
    case unknownParameter = "unknown-parameter"
    case duplicateParameter = "duplicate-parameter"
    case valueMissing = "value-missing"
    case valueUnexpected = "value-unexpected"
    case windowBitsInvalid = "window-bits-invalid"
    case notOffered = "not-offered"
    case answeredTwice = "answered-twice"
    case parametersDoNotFit = "parameters-do-not-fit"

    /// The name in logs and findings.
    public var name: String { rawValue }

    /// What was observed and what the rule expects, in a sentence.
    public var sentence: String {
        switch self {
        case .malformed: "The element is not a token with parameters (RFC 6455 §9.1)."
        case .unknownParameter: "The extension has a parameter that RFC 7692 §7.1 does not define."
        case .duplicateParameter: "The extension has the same parameter twice (RFC 7692 §7.1)."
        case .valueMissing: "The parameter needs a value here (RFC 7692 §7.1.2)."
        case .valueUnexpected: "The parameter must not have a value (RFC 7692 §7.1.1)."
        case .windowBitsInvalid:
            "The window bits must be a decimal number from 8 to 15 without leading zeros (RFC 7692 §7.1.2)."
        case .notOffered: "The answer names an extension that the client did not offer (RFC 6455 §4.1)."
        case .answeredTwice: "The answer names the same extension twice."
        case .parametersDoNotFit: "The answer's parameters do not fit any offer of the client (RFC 7692 §7.1)."
        }
    }
}
