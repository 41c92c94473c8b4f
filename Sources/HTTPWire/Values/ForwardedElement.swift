public import Wire

/// One element of a `Forwarded` list (RFC 7239 §4): what one proxy says about the hop before it.
public struct ForwardedElement: Sendable, Hashable {
    /// The octets of `for`, without quotes.
    public private(set) var node: Range<Int>?
    /// The octets of `proto`.
    public private(set) var scheme: Range<Int>?
    /// The octets of `host`, without quotes.
    public private(set) var host: Range<Int>?
    /// Whether each pair has the right form and none of the known ones occurs twice.
    public private(set) var isWellFormed = true

    public init(_ bytes: [UInt8], _ element: Range<Int>) {
        var parameters = FieldParameters(element)
        while let pair = parameters.next(in: bytes) {
            guard let value = pair.value, pair.isWellFormed || ForwardedElement.isUnquotedNode(bytes, pair) else {
                isWellFormed = false
                continue
            }
            if bytes.matches("for", at: pair.name) {
                isWellFormed = isWellFormed && node == nil
                node = node ?? value
            } else if bytes.matches("proto", at: pair.name) {
                isWellFormed = isWellFormed && scheme == nil
                scheme = scheme ?? value
            } else if bytes.matches("host", at: pair.name) {
                isWellFormed = isWellFormed && host == nil
                host = host ?? value
            }
        }
        if parameters.sawEmpty { isWellFormed = false }
    }

    /// Addresses with colons belong in quotes (RFC 7239 §4); not every proxy knows that, and nothing is ambiguous about it.
    private static func isUnquotedNode(_ bytes: [UInt8], _ pair: FieldParameters.Parameter) -> Bool {
        guard let value = pair.value, !pair.isQuoted, !value.isEmpty else { return false }
        return bytes.isToken(pair.name) && pair.name.upperBound + 1 == value.lowerBound
            && value.allSatisfy {
                bytes[$0].isToken || bytes[$0] == 0x3A || bytes[$0] == 0x5B || bytes[$0] == 0x5D
            }
    }

    /// The address that a node spells, with its port if it has one: `10.0.0.1`, `10.0.0.1:80`, `::1`, `[::1]`, `[::1]:80`.
    ///
    /// Serves `Forwarded` and `X-Forwarded-For` alike; `unknown` and obfuscated nodes give nil.
    public static func address(_ bytes: [UInt8], _ node: Range<Int>) -> SocketAddress? {
        let node = node.clamped(to: 0..<bytes.count)
        guard let first = node.first, node.count <= 64 else { return nil }
        var host = node
        var port: UInt16 = 0
        let colons = node.filter { bytes[$0] == 0x3A }
        if bytes[first] == 0x5B {
            guard let end = node.first(where: { bytes[$0] == 0x5D }) else { return nil }
            host = first..<end + 1
            if end + 1 < node.upperBound {
                guard bytes[end + 1] == 0x3A, let number = number(bytes, end + 2..<node.upperBound) else { return nil }
                port = number
            }
        } else if colons.count == 1, let colon = colons.first {
            guard let number = number(bytes, colon + 1..<node.upperBound) else { return nil }
            host = first..<colon
            port = number
        }
        return SocketAddress(host: String(decoding: bytes[host], as: UTF8.self), port: port)
    }

    private static func number(_ bytes: [UInt8], _ digits: Range<Int>) -> UInt16? {
        guard (1...5).contains(digits.count) else { return nil }
        var number = 0
        for index in digits {
            guard bytes[index].isDigit else { return nil }
            number = number * 10 + Int(bytes[index] - 0x30)
        }
        return UInt16(exactly: number)
    }
}
