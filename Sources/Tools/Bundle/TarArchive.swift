/// A tar archive in the form of POSIX.1-1988 (ustar): what every tar since then reads.
///
/// Regular files alone, for their owner, with short names; each is a header of 512 bytes, its content, and zeros up to the next 512.
struct TarArchive {
    private(set) var bytes: [UInt8] = []
    private let time: UInt64

    /// - Parameter time: of all files, in seconds since 1970.
    init(time: UInt64) { self.time = time }

    /// Adds a file; names are ours and have at most 100 bytes.
    mutating func add(_ name: String, _ content: [UInt8]) {
        precondition(name.utf8.count <= 100, "TarArchive: a name that is too long")
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) { header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8) }
        put(name, at: 0)
        put("0000600\0", at: 100)
        put("0000000\0", at: 108)
        put("0000000\0", at: 116)
        put(TarArchive.octal(UInt64(content.count), 11) + "\0", at: 124)
        put(TarArchive.octal(time, 11) + "\0", at: 136)
        put("0", at: 156)
        put("ustar\0" + "00", at: 257)
        // The sum counts its own field as blanks.
        put("        ", at: 148)
        put(TarArchive.octal(header.reduce(0) { $0 + UInt64($1) }, 6) + "\0 ", at: 148)
        bytes += header
        bytes += content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    mutating func add(_ name: String, _ content: String) { add(name, Array(content.utf8)) }

    /// The archive with its end: two blocks of zeros.
    var whole: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    private static func octal(_ number: UInt64, _ width: Int) -> String {
        let digits = String(number, radix: 8)
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
}
