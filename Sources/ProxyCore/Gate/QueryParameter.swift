public import HTTPWire

/// One parameter of a request's query, read so that nobody can read another.
///
/// Names and values are compared decoded (`%74oken` is `token`), as a backend will. A name that occurs twice is no answer: some
/// frameworks take the first, some the last, and a check of one would be no check of the other. So it is with a second name that some
/// framework takes for the first: `room[]` (PHP, Rack, qs), `Room` (ASP.NET), `a=1;room=2` (older readers part at `;` too).
public enum QueryParameter: Sendable, Hashable {
    case absent
    /// `whole` is the pair as it stands in the head, `value` the decoded octets.
    case one(value: [UInt8], whole: Range<Int>)
    case repeated

    /// The parameter `name` of `head`'s query.
    public init(_ name: [UInt8], of head: RequestHead) {
        self = .absent
        guard let query = head.queryRange else { return }
        var hasLookalike = false
        var pairs = NamedPairs(query: query)
        while let pair = pairs.next(in: head.bytes) {
            hasLookalike = hasLookalike || QueryParameter.hides(name, in: head.bytes[pair.whole])
            guard let found = PercentEncoding.decoded(head.bytes[pair.name], plusIsBlank: true) else { continue }
            guard found == name else {
                hasLookalike = hasLookalike || QueryParameter.isLookalike(found, of: name)
                continue
            }
            guard case .absent = self, let value = PercentEncoding.decoded(head.bytes[pair.value], plusIsBlank: true) else {
                self = .repeated
                return
            }
            self = .one(value: value, whole: pair.whole)
        }
        // Alone it is nothing that anybody asked for.
        if hasLookalike, case .one = self { self = .repeated }
    }

    /// Whether a reader that parts at `;` finds the parameter within `pair`.
    private static func hides(_ name: [UInt8], in pair: ArraySlice<UInt8>) -> Bool {
        guard pair.contains(0x3B) else { return false }
        return pair.split(separator: 0x3B, omittingEmptySubsequences: false).dropFirst().contains { part in
            guard let found = PercentEncoding.decoded(part.prefix { $0 != 0x3D }, plusIsBlank: true) else { return false }
            return found == name || isLookalike(found, of: name)
        }
    }

    /// Whether some framework takes `found` for `name`: without case, with `_` for what PHP can't have in a name, without blanks in front, and
    /// up to a bracket or a zero.
    private static func isLookalike(_ found: [UInt8], of name: [UInt8]) -> Bool {
        let begin = found.firstIndex { $0 != 0x20 } ?? found.endIndex
        let text = found[begin...]
        guard !name.isEmpty, text.count >= name.count, zip(text, name).allSatisfy({ folded($0) == folded($1) }) else {
            return false
        }
        guard text.count > name.count else { return true }
        let next = text[begin + name.count]
        return next == 0x5B || next == 0
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x20, 0x2E, 0x5B: 0x5F
        default: byte.lowercased
        }
    }
}
