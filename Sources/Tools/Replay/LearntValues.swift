import CaptureFile
import Wire

/// The values that the server gave in this run in the place of those that it gave in the recording.
///
/// Each rule finds values in the recorded answers and in those of the run; the n-th of one stands for the n-th of the other. In what the
/// client sends, and in what the server is expected to answer, the recorded value is replaced where it stands alone: no letter or digit on
/// either side. A value of less than four characters is replaced only behind the name of its own member, since it could be anything.
struct LearntValues {
    private struct Pair {
        var recorded: [UInt8]
        var present: [UInt8]
        /// `"name"`, for short values.
        var key: [UInt8]?
    }

    private let rules: RewriteRules
    /// By rule: what the recording has, in order.
    private let recorded: [[String]]
    private var seen: [Int]
    private var pairs: [Pair] = []
    private static let most = 10_000

    init(_ rules: RewriteRules, _ session: RecordedSession) {
        self.rules = rules
        recorded = rules.learnt.map { rule in
            session.answers.flatMap { LearntValues.find(rule, $0.payload) }
        }
        seen = rules.learnt.map { _ in 0 }
    }

    /// Whether any rule asks for what the server says.
    var learns: Bool { !rules.learnt.isEmpty }

    private static func find(_ rule: RewriteRules.Learnt, _ payload: [UInt8]) -> [String] {
        switch rule {
        case .json(let path):
            guard let node = JSONNode(payload) else { return [] }
            return path.values(in: node).compactMap { $0.scalar }
        case .pattern(let pattern):
            return String(decoding: payload, as: UTF8.self).matches(of: pattern).compactMap { match in
                (match.output.count > 1 ? match.output[1] : match.output[0]).substring.map { String($0) }
            }
        }
    }

    /// The server said this in the run.
    mutating func learn(_ payload: [UInt8]) {
        for index in rules.learnt.indices {
            for value in LearntValues.find(rules.learnt[index], payload) {
                let place = seen[index]
                seen[index] += 1
                guard place < recorded[index].count, pairs.count < LearntValues.most else { continue }
                let old = recorded[index][place]
                guard !old.isEmpty, !pairs.contains(where: { $0.recorded == Array(old.utf8) }) else { continue }
                var key: [UInt8]?
                if old.utf8.count < 4 {
                    guard case .json(let path) = rules.learnt[index], let name = path.lastKey else { continue }
                    key = Array("\"\(name)\"".utf8)
                }
                pairs.append(Pair(recorded: Array(old.utf8), present: Array(value.utf8), key: key))
            }
        }
    }

    /// A message of the client's as it is to be sent.
    func sent(_ payload: [UInt8]) -> [UInt8] {
        var text = payload
        for rule in rules.texts {
            text = LearntValues.replace(Array(rule.recorded.utf8), Array(rule.present.utf8), in: text) { _, _, _ in true }
        }
        return expected(text)
    }

    /// A recorded message of the server's as it is to be expected in this run.
    func expected(_ payload: [UInt8]) -> [UInt8] {
        var text = payload
        for pair in pairs where pair.recorded != pair.present {
            text = LearntValues.replace(pair.recorded, pair.present, in: text) { text, start, end in
                if start > 0, LearntValues.isWord(text[start - 1]) { return false }
                if end < text.count, LearntValues.isWord(text[end]) { return false }
                guard let key = pair.key else { return true }
                let before = text[..<start].reversed().drop { $0 == 0x20 || $0 == 0x22 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
                guard before.first == 0x3A else { return false }
                let name = before.dropFirst().drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
                return name.starts(with: key.reversed())
            }
        }
        return text
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte >= 0x80
    }

    private static func replace(
        _ old: [UInt8], _ new: [UInt8], in text: [UInt8], where fits: ([UInt8], Int, Int) -> Bool
    ) -> [UInt8] {
        guard let first = old.first, text.count >= old.count else { return text }
        var result: [UInt8] = []
        var from = 0
        var start = 0
        while start + old.count <= text.count {
            if text[start] == first, text[start..<start + old.count].elementsEqual(old), fits(text, start, start + old.count) {
                result += text[from..<start]
                result += new
                start += old.count
                from = start
            } else {
                start += 1
            }
        }
        return from == 0 ? text : result + text[from...]
    }
}
