public import HTTPWire

/// Why a backend's response is not forwarded; the client gets a 502 and the backend's connection is never used again
/// (threats C9, C10, D18, D22).
///
/// What else can be wrong with a 101 to an upgrade is Diagnosis' to say (`UpgradeResponseCheck`).
public enum UnforwardableResponse: Error, Sendable, Hashable {
    /// The head has a fault that forbids forwarding.
    case head(HeadFault)
    /// 101 to a request that asked for no upgrade.
    case switchingProtocolsUnasked
    /// 101 with `Content-Length` or `Transfer-Encoding`.
    case switchingProtocolsWithLength
    /// More interim responses than anybody sends.
    case tooManyInterim

    /// The stable name for logs.
    public var name: String {
        switch self {
        case .head(let fault): fault.kind.rawValue
        case .switchingProtocolsUnasked: "switching_protocols_unasked"
        case .switchingProtocolsWithLength: "switching_protocols_with_length"
        case .tooManyInterim: "too_many_interim_responses"
        }
    }
}
