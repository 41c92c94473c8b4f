public import Wire

/// permessage-deflate as a handshake agreed on it (RFC 7692 §7.1), by both directions.
public struct PermessageDeflate: Sendable, Hashable {
    /// The extension's registered name.
    public static let name = "permessage-deflate"

    /// Whether the server starts each message with an empty window.
    public var serverNoContextTakeover = false
    /// Whether the client does.
    public var clientNoContextTakeover = false
    /// Base-2 logarithm of the server's window in bytes, 8 … 15.
    public var serverMaxWindowBits: UInt8 = 15
    /// Base-2 logarithm of the client's window in bytes, 8 … 15.
    public var clientMaxWindowBits: UInt8 = 15

    public init() {}

    /// Whether a direction's messages may refer to the ones before.
    public func takesOverContext(_ direction: Direction) -> Bool {
        direction == .clientToServer ? !clientNoContextTakeover : !serverNoContextTakeover
    }

    /// The window of a direction, 8 … 15.
    public func windowBits(_ direction: Direction) -> UInt8 {
        direction == .clientToServer ? clientMaxWindowBits : serverMaxWindowBits
    }

    /// Reads an element of the server's answer, where both window parameters need a value.
    public init(answer: ExtensionOffer) throws(ExtensionFault) {
        let terms = try PermessageDeflateTerms(answer)
        guard terms.clientMaxWindowBits != .some(nil) else { throw .valueMissing }
        serverNoContextTakeover = terms.serverNoContextTakeover
        clientNoContextTakeover = terms.clientNoContextTakeover
        serverMaxWindowBits = terms.serverMaxWindowBits ?? 15
        clientMaxWindowBits = (terms.clientMaxWindowBits ?? 15) ?? 15
    }
}
