import HTTPWire

/// Sentences in bodies and reason phrases that say why, in the words of many servers.
///
/// Facts about what software writes, gathered from the catalogue of observations; a phrase stands here only if it says the same wherever it
/// comes from. All are searched at once: a filter over pairs of letters lets nearly every position pass with one test.
struct BodyPhrases {
    struct Phrase {
        let text: StaticString
        let sign: Sign
    }

    /// Bit per pair of (first, second) letter, by their lower five bits.
    private let filter: [UInt64]
    /// The phrases by the lower five bits of their first letter.
    private let byFirst: [[Phrase]]

    static let shared = BodyPhrases(all)

    init(_ phrases: [Phrase]) {
        var filter = [UInt64](repeating: 0, count: 16)
        var byFirst = [[Phrase]](repeating: [], count: 32)
        for phrase in phrases {
            let (first, second) = phrase.text.withUTF8Buffer { unsafe ($0[0], $0[1]) }
            let pair = Int(first & 31) << 5 | Int(second & 31)
            filter[pair >> 6] |= 1 << UInt64(pair & 63)
            byFirst[Int(first & 31)].append(phrase)
        }
        self.filter = filter
        self.byFirst = byFirst
    }

    /// Adds the sign of every phrase that stands in `range` of `bytes`.
    func read(_ bytes: [UInt8], _ range: Range<Int>, into signs: inout SignReading, trace: (Range<Int>) -> SignReading.Trace) {
        let range = range.clamped(to: 0..<bytes.count)
        var position = range.lowerBound
        while position < range.upperBound - 1 {
            let pair = Int(bytes[position] & 31) << 5 | Int(bytes[position + 1] & 31)
            if filter[pair >> 6] >> UInt64(pair & 63) & 1 == 1 {
                for phrase in byFirst[Int(bytes[position] & 31)] {
                    let end = position + phrase.text.utf8CodeUnitCount
                    if end <= range.upperBound, bytes.matches(phrase.text, at: position..<end) { signs.add(phrase.sign, trace(position..<end)) }
                }
            }
            position += 1
        }
    }
}
