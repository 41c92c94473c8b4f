/// The parameters of one permessage-deflate element as they stand there, offer or answer.
public struct PermessageDeflateTerms: Sendable, Hashable {
    public var serverNoContextTakeover = false
    public var clientNoContextTakeover = false
    /// Nil: absent.
    public var serverMaxWindowBits: UInt8?
    /// Nil: absent. `.some(nil)`: present without a value, which an offer may say ("I can if you ask").
    public var clientMaxWindowBits: UInt8??

    /// Reads the parameters, each allowed once.
    public init(_ element: ExtensionOffer) throws(ExtensionFault) {
        var seen: Set<String> = []
        for parameter in element.parameters {
            guard seen.insert(parameter.name).inserted else { throw .duplicateParameter }
            switch parameter.name {
            case "server_no_context_takeover":
                guard parameter.value == nil else { throw .valueUnexpected }
                serverNoContextTakeover = true
            case "client_no_context_takeover":
                guard parameter.value == nil else { throw .valueUnexpected }
                clientNoContextTakeover = true
            case "server_max_window_bits":
                guard let value = parameter.value else { throw .valueMissing }
                serverMaxWindowBits = try PermessageDeflateTerms.bits(value)
            case "client_max_window_bits":
                clientMaxWindowBits = .some(nil)
                if let value = parameter.value { clientMaxWindowBits = try PermessageDeflateTerms.bits(value) }
            default:
                throw .unknownParameter
            }
        }
    }

    /// Whether `answer`, read from the server's element, accepts this offer (RFC 7692 §7.1.1, §7.1.2).
    public func admits(_ answer: PermessageDeflateTerms) -> Bool {
        if serverNoContextTakeover, !answer.serverNoContextTakeover { return false }
        if let offered = serverMaxWindowBits {
            guard let answered = answer.serverMaxWindowBits, answered <= offered else { return false }
        }
        // A client that did not say that it can limit its window must not be asked to.
        if let answered = answer.clientMaxWindowBits {
            guard let offered = clientMaxWindowBits, let answered else { return false }
            if let most = offered, answered > most { return false }
        }
        return true
    }

    /// 8 … 15 in decimal without leading zeros, and nothing else.
    private static func bits(_ value: String) throws(ExtensionFault) -> UInt8 {
        switch value {
        case "8": 8
        case "9": 9
        case "10": 10
        case "11": 11
        case "12": 12
        case "13": 13
        case "14": 14
        case "15": 15
        default: throw .windowBitsInvalid
        }
    }
}
