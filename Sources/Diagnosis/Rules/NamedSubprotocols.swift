import HTTPWire

/// The subprotocols that a refusal names as those it takes: "invalid subprotocol; expected one of chat, v12.stomp." (websockets).
///
/// Read only where the sentence speaks of a subprotocol, and only as far as the list is one: its items are tokens (RFC 9110 §5.6.2), perhaps
/// quoted, between commas, "or" and "and". A word that others follow is prose, and ends it, so that nothing is offered, or recommended,
/// that no server has named.
struct NamedSubprotocols {
    private let body: [UInt8]
    private let end: Int
    private var position: Int

    private static let mark: StaticString = "expected one of"
    /// Longer words, and more of them, are nobody's list.
    private static let longest = 60
    private static let most = 8

    /// The names in the body of a refusal, in its order; empty where it has no such list.
    static func read(_ body: [UInt8]) -> [String] {
        var start = 0
        while let topic = body.find("subprotocol", in: start..<body.count) {
            let line = topic..<(body[topic...].firstIndex { $0 < 0x20 } ?? body.count)
            if let words = body.find(mark, in: line) {
                var reader = NamedSubprotocols(body, from: words + mark.utf8CodeUnitCount, to: line.upperBound)
                return reader.names()
            }
            start = line.upperBound
        }
        return []
    }

    private init(_ body: [UInt8], from position: Int, to end: Int) {
        self.body = body
        self.end = end
        self.position = position
    }

    private mutating func names() -> [String] {
        // "expected one office": another word.
        guard let behind = next, !NamedSubprotocols.isToken(behind) else { return [] }
        skipIntroduction()
        skipBlanks()
        if next == 0x5B || next == 0x28 { position += 1 }
        var names: [String] = []
        while names.count < NamedSubprotocols.most, let name = item() {
            if !CredentialReading.isTokenLike(name), !names.contains(name) { names.append(name) }
            guard skipSeparator() else { break }
        }
        return names
    }

    /// Passes "the following", or "these subprotocols:", where the list begins behind it.
    private mutating func skipIntroduction() {
        var rest = self
        var words = 0
        rest.skipBlanks()
        while let word = NamedSubprotocols.introducing.first(where: { rest.begins($0) }) {
            rest.position += word.utf8CodeUnitCount
            rest.skipBlanks()
            words += 1
        }
        if rest.skip(":") || words > 0 && (rest.next == 0x5B || rest.next == 0x28) {
            self = rest
        } else {
            skipBlanks()
            skip("the following")
        }
    }

    /// Whether that word stands here, and not only the beginning of another one.
    private func begins(_ word: StaticString) -> Bool {
        guard body.begins(word, in: position..<end) else { return false }
        let behind = position + word.utf8CodeUnitCount
        return behind >= end || !NamedSubprotocols.isToken(body[behind])
    }

    private static let introducing: [StaticString] = [
        "the", "these", "following", "supported", "known", "websocket", "subprotocol", "subprotocols", "protocol", "protocols",
        "names", "values",
    ]

    private var next: UInt8? { position < end ? body[position] : nil }

    /// The next item, and what quotes it; nil where none stands.
    private mutating func item() -> String? {
        skipBlanks()
        let quote = next.flatMap { NamedSubprotocols.quotes.contains($0) ? $0 : nil }
        if quote != nil { position += 1 }
        let start = position
        while let next, NamedSubprotocols.isToken(next) { position += 1 }
        var name = body[start..<position]
        if let quote {
            guard next == quote else { return nil }
            position += 1
        } else if name.last == 0x2E {
            // The end of the sentence, not of the name: the list ends with it.
            name.removeLast()
            position -= 1
        }
        // What stands before a colon announces something else.
        guard next != 0x3A, !name.isEmpty, name.count <= NamedSubprotocols.longest, !isFollowedByProse else { return nil }
        return String(decoding: name, as: UTF8.self)
    }

    /// Whether a word stands right behind, which makes the item before it one of a sentence.
    private var isFollowedByProse: Bool {
        var rest = self
        guard !rest.skipSeparator() else { return false }
        rest.skipBlanks()
        return rest.next.map { NamedSubprotocols.isToken($0) && $0 != 0x2E } ?? false
    }

    /// Passes a comma, an "or", or both; whether there was one.
    private mutating func skipSeparator() -> Bool {
        skipBlanks()
        var found = skip(",")
        skipBlanks()
        if skip("or ") || skip("and ") { found = true }
        return found
    }

    private mutating func skipBlanks() {
        while next == 0x20 { position += 1 }
    }

    @discardableResult
    private mutating func skip(_ text: StaticString) -> Bool {
        guard body.begins(text, in: position..<end) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    private static let quotes: [UInt8] = [0x22, 0x27, 0x60]

    /// A character of a token, those that quote excepted.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x23...0x26, 0x2A, 0x2B, 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x5E, 0x5F, 0x61...0x7A, 0x7C, 0x7E: true
        default: false
        }
    }
}
