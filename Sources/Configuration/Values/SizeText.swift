/// Numbers of bytes as they are written: `512`, `8KiB`, `1MiB`.
enum SizeText {
    private static let units: [(name: String, bytes: UInt64)] = [
        ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]

    static let accepted = "a size: 512, 8KiB, 1MiB, 2GiB"

    /// The number of bytes that `text` spells, or what is wrong with it.
    static func parse(_ text: String) throws(ScalarFault) -> UInt64 {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let name = String(text.dropFirst(digits.count))
        guard (1...15).contains(digits.utf8.count), let number = UInt64(digits) else {
            throw ScalarFault(Excerpt.quoted(text), accepted)
        }
        let exact = units.first { $0.name == (name.isEmpty ? "B" : name) }
        guard let unit = exact else {
            let letter = name.lowercased().first
            let meant = units.first { $0.bytes > 1 && $0.name.lowercased().first == letter }
            throw ScalarFault(Excerpt.quoted(text), accepted, meant.map { "did you mean \(digits)\($0.name)?" })
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
        guard !overflow, product <= 1 << 50 else {
            throw ScalarFault(Excerpt.quoted(text), "a size of at most 1024TiB")
        }
        return product
    }

    /// `count` as it would be written: in the largest unit in which it is whole.
    static func text(_ count: UInt64) -> String {
        guard count > 0, let unit = units.last(where: { count % $0.bytes == 0 }), unit.bytes > 1 else {
            return "\(count)"
        }
        return "\(count / unit.bytes)\(unit.name)"
    }
}
