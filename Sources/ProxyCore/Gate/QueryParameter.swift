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
            guard let found = PercentEncoding.decoded(head.bytes[pair.name], plusIsBlank: true), found == name else { continue }
            guard case .absent = self, let value = PercentEncoding.decoded(head.bytes[pair.value], plusIsBlank: true) else {
                self = .repeated
                return
            }
            self = .one(value: value, whole: pair.whole)
        }
    }
}
