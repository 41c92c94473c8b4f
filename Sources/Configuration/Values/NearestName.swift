/// The right name that was probably meant, by edit distance.
public enum NearestName {
    /// The name of `names` that is nearest to `text`, if it is near enough to be worth saying.
    ///
    /// Case, `-` and `_` do not count, so `trustedProxies` is `trusted_proxies`. About one character in three may differ.
    public static func of(_ text: String, among names: some Sequence<String>) -> String? {
        let wanted = folded(text)
        guard (1...64).contains(wanted.count) else { return nil }
        var best: (name: String, distance: Int)?
        for name in names {
            let candidate = folded(name)
            let distance = distance(wanted, candidate)
            let allowed = max(1, min(wanted.count, candidate.count) / 3)
            if distance <= allowed, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    private static func folded(_ text: String) -> [UInt8] {
        text.utf8.compactMap { byte in
            switch byte {
            case 0x2D, 0x5F: nil
            case 0x41...0x5A: byte | 0x20
            default: byte
            }
        }
    }

    /// Insertions, deletions, replacements, and swaps of neighbours (optimal string alignment).
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [Int](repeating: i, count: b.count + 1)
            for j in 1...b.count {
                let same = a[i - 1] == b[j - 1]
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], beforeLast[j - 2] + 1)
                }
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
