// Tokens whose signatures held.
//
// Theory of operation. A page shows the same token for every session that it opens until the token ends, and after a deploy all pages come back
// at once. So a worker remembers the tokens that it has verified: a table with one place for each residue of the text's hash, the newest in a
// place counts. What is remembered is that this text was signed by a key of this set, and nothing else: its times and claims are judged
// anew each time, and a set that was fetched anew believes nothing of its predecessor. The whole text is compared, so that no two tokens are taken
// for each other, and the hash is keyed with the process's random seed. Tokens that were refused are not remembered.
import JSONWire
import ProxyCore
import Wire

/// Tokens that a worker has verified. Bounded: `places` tokens of at most `longest` octets, and what they say.
public struct TokenMemory {
    private struct Entry {
        let text: [UInt8]
        let generation: UInt64
        let claims: JSONValue
    }

    static let places = 512
    /// Longer tokens are verified each time.
    static let longest = 2048

    private var entries: [Entry?] = []
    /// The header that was read last; the next token most likely has the same.
    var header: TokenHeader?

    public init() {}

    /// What the token `text`, whose place is `place`, claims, if a key of the set with this number has signed it.
    func claims(_ text: [UInt8], at place: Int, generation: UInt64) -> JSONValue? {
        guard !entries.isEmpty, let entry = entries[place], entry.generation == generation,
            unsafe entry.text.span.bytes.isSame(as: text.span.bytes)
        else { return nil }
        return entry.claims
    }

    /// A key of the set with this number has signed `text`, whose place is `place` and which claims this.
    mutating func remember(_ text: [UInt8], at place: Int, _ claims: JSONValue, generation: UInt64) {
        guard text.count <= TokenMemory.longest else { return }
        if entries.isEmpty { entries = Array(repeating: nil, count: TokenMemory.places) }
        entries[place] = Entry(text: text, generation: generation, claims: claims)
    }

    /// Where a token is remembered: a number below `places`.
    func place(of text: [UInt8]) -> Int {
        var hasher = Hasher()
        text.withUnsafeBytes { hasher.combine(bytes: $0) }
        return Int(UInt(bitPattern: hasher.finalize()) % UInt(TokenMemory.places))
    }
}
