import HTTPWire
import Wire

/// Sentences in bodies and reason phrases that say why, in the words of many servers.
///
/// Facts about what software writes, gathered from the catalogue of observations; a phrase stands here only if it says the same wherever it
/// comes from. All are searched at once: the last four letters at each position are hashed into a table of bits, which nearly every position
/// passes with that one test; behind a set bit the few phrases of that hash are compared.
struct BodyPhrases {
    /// A phrase in lower case, at least four letters long, and what its presence means.
    struct Phrase {
        let text: StaticString
        let meaning: Meaning

        init(text: StaticString, sign: Sign) {
            self.text = text
            meaning = .sign(sign)
        }

        init(text: StaticString, mark: Int) {
            self.text = text
            meaning = .mark(mark)
        }
    }

    enum Meaning {
        case sign(Sign)
        /// One of the texts that fingerprints ask for, by number.
        case mark(Int)
    }

    /// A bit per hash of four letters.
    private let filter: [UInt64]
    /// The phrases, sorted by the hash of their first four letters.
    private let phrases: [(hash: Int, phrase: Phrase)]

    static let shared = BodyPhrases(all + Fingerprint.bodyTexts.enumerated().map { Phrase(text: $1, mark: $0) })

    init(_ phrases: [Phrase]) {
        var filter = [UInt64](repeating: 0, count: 64)
        var rows: [(hash: Int, phrase: Phrase)] = []
        for phrase in phrases {
            precondition(phrase.text.utf8CodeUnitCount >= 4, "BodyPhrases: a phrase needs four letters")
            let word = phrase.text.withUTF8Buffer { letters in
                unsafe letters[0..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            }
            let hash = BodyPhrases.hash(word)
            filter[hash >> 6] |= 1 << UInt64(hash & 63)
            rows.append((hash, phrase))
        }
        self.filter = filter
        self.phrases = rows.sorted { $0.hash < $1.hash }
    }

    private static func hash(_ word: UInt32) -> Int { Int((word &* 0x9E37_79B1) >> 20) }

    /// Adds the sign of every phrase that stands in `range` of `bytes`, and gives the numbers of the marks as bits.
    @discardableResult
    func read(_ bytes: [UInt8], _ range: Range<Int>, into signs: inout SignReading, trace: (Range<Int>) -> SignReading.Trace)
        -> UInt64
    {
        let range = range.clamped(to: 0..<bytes.count)
        guard range.count >= 4 else { return 0 }
        var marks: UInt64 = 0
        let span = unsafe bytes.span.bytes
        var word: UInt32 = 0
        for position in range.lowerBound..<range.lowerBound + 3 { word = word << 8 | UInt32(span.byte(at: position).asLowercase) }
        for position in range.lowerBound + 3..<range.upperBound {
            word = word << 8 | UInt32(span.byte(at: position).asLowercase)
            let hash = BodyPhrases.hash(word)
            guard filter[hash >> 6] >> UInt64(hash & 63) & 1 == 1 else { continue }
            let start = position - 3
            for row in rows(hash) {
                let end = start + row.phrase.text.utf8CodeUnitCount
                guard end <= range.upperBound, bytes.spells(row.phrase.text, at: start) else { continue }
                switch row.phrase.meaning {
                case .sign(let sign): signs.add(sign, trace(start..<end))
                case .mark(let number): marks |= 1 << UInt64(number)
                }
            }
        }
        return marks
    }

    private func rows(_ hash: Int) -> ArraySlice<(hash: Int, phrase: Phrase)> {
        var low = 0
        var high = phrases.count
        while low < high {
            let middle = (low + high) / 2
            if phrases[middle].hash < hash { low = middle + 1 } else { high = middle }
        }
        var end = low
        while end < phrases.count, phrases[end].hash == hash { end += 1 }
        return phrases[low..<end]
    }
}
