public import HTTPWire

/// One parameter of a request's query, read so that nobody can read another.
///
/// Names and values are compared decoded (`%74oken` is `token`), as a backend will. A name that occurs twice is no answer: some
/// frameworks take the first, some the last, and a check of one would be no check of the other.
public enum QueryParameter: Sendable, Hashable {
    case absent
    /// `whole` is the pair as it stands in the head, `value` the decoded octets.
    case one(value: [UInt8], whole: Range<Int>)
    case repeated

    /// The parameter `name` of `head`'s query.
    public init(_ name: [UInt8], of head: RequestHead) {
        self = .absent
        guard let query = head.queryRange else { return }
        var pairs = NamedPairs(query: query)
        while let pair = pairs.next(in: head.bytes) {
            guard let found = QueryParameter.decode(head.bytes[pair.name]), found == name else { continue }
            guard case .absent = self, let value = QueryParameter.decode(head.bytes[pair.value]) else {
                self = .repeated
                return
            }
            self = .one(value: value, whole: pair.whole)
        }
    }

    /// Percent escapes and `+` undone; nil for an escape that is none.
    static func decode(_ text: ArraySlice<UInt8>, plusIsBlank: Bool = true) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            index += 1
            switch byte {
            case 0x25:
                guard index + 1 < text.endIndex, let high = text[index].hexadecimalValue, let low = text[index + 1].hexadecimalValue
                else { return nil }
                octets.append(high << 4 | low)
                index += 2
            case 0x2B where plusIsBlank: octets.append(0x20)
            default: octets.append(byte)
            }
        }
        return octets
    }
}
