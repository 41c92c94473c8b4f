package import HTTPWire

/// Why a backend's response is not forwarded; the client gets a 502 and the backend's connection is never used again
/// (threats C2, C9, C10, D18, D22).
package enum ResponseFault: Error, Sendable, Hashable {
    /// The head has a fault that forbids forwarding.
    case head(HeadFault)
    /// 101 to a request that asked for no upgrade.
    case switchingProtocolsUnasked
    /// 101 with `Content-Length` or `Transfer-Encoding`.
    case switchingProtocolsWithLength
    /// More interim responses than anybody sends.
    case tooManyInterim
    /// 101 without `Upgrade: websocket`, or with another protocol beside it.
    case upgradeFieldWrong
    /// 101 without `Connection: Upgrade`.
    case connectionOptionMissing
    case acceptKeyMissing
    case acceptKeyRepeated
    case acceptKeyWrong
    /// A subprotocol that the client did not offer.
    case subprotocolNotOffered
    case subprotocolRepeated
    /// An extension that the client did not offer.
    case extensionNotOffered

    /// The stable name for logs.
    package var name: String {
        switch self {
        case .head(let fault): fault.kind.rawValue
        case .switchingProtocolsUnasked: "switching_protocols_unasked"
        case .switchingProtocolsWithLength: "switching_protocols_with_length"
        case .tooManyInterim: "too_many_interim_responses"
        case .upgradeFieldWrong: "upgrade_field_wrong"
        case .connectionOptionMissing: "upgrade_connection_option_missing"
        case .acceptKeyMissing: "accept_key_missing"
        case .acceptKeyRepeated: "accept_key_repeated"
        case .acceptKeyWrong: "accept_key_wrong"
        case .subprotocolNotOffered: "subprotocol_not_offered"
        case .subprotocolRepeated: "subprotocol_repeated"
        case .extensionNotOffered: "extension_not_offered"
        }
    }
}
