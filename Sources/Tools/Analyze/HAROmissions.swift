import CaptureFile
import Glibc

/// Which sessions of a HAR lack messages, as `analyze` says it where it wrote the document: members `_gatehouse`.
///
/// The document is read a second time for it, which only one with such a member needs.
struct HAROmissions {
    /// By the session's place among those of the file: how many messages it lacks, at least.
    private var counts: [Int: UInt64] = [:]
    /// Where the entries can't be told apart: what holds for all of them.
    private var any: UInt64?

    static let member = "_gatehouse"

    init() {}

    /// - Parameter sessions: how many of the entries are WebSocket sessions.
    init(_ document: [UInt8], sessions: Int) {
        guard HAROmissions.mentions(document), let entries = JSONNode(document)?["log"]?["entries"]?.elements else { return }
        for (index, entry) in entries.enumerated() {
            guard let told = entry[HAROmissions.member] else { continue }
            let omitted = told["omitted"]?.number.flatMap { UInt64(exactly: $0) } ?? 1
            let count = min(max(omitted, 1), 1 << 32)
            counts[index] = count
            any = max(any ?? 0, count)
        }
        // Entries of other kinds were put between: whose the members are isn't known any more.
        if entries.count == sessions { any = nil } else { counts = [:] }
    }

    /// How many messages the session at that place lacks, at least; 0 where the document says nothing.
    func count(_ index: Int) -> UInt64 { counts[index] ?? any ?? 0 }

    /// Whether the member's name stands anywhere in the document. Underlines are rare, quotes aren't.
    private static func mentions(_ document: [UInt8]) -> Bool {
        let name = Array("\(member)\"".utf8)
        return document.withUnsafeBytes { all in
            var offset = 0
            while let base = all.baseAddress, all.count - offset >= name.count,
                let found = memchr(base + offset, 0x5F, all.count - offset)
            {
                let place = UnsafeRawPointer(found) - base
                if all.count - place >= name.count, memcmp(base + place, name, name.count) == 0 { return true }
                offset = place + 1
            }
            return false
        }
    }
}
