/// What a file that isn't read looks like, by its first bytes: so that a message can say what somebody gave in place of a capture.
///
/// It only finds words; whether a file is read is decided where it is decoded.
public enum FileSignature {
    /// How many of a file's bytes are looked at.
    public static let length = 64

    /// What begins like `first`, and what to do with it; nil for what isn't recognised.
    public static func words(_ first: [UInt8]) -> String? {
        for (start, words) in binary where first.starts(with: start) { return words }
        // Tar has its mark too late in the file for us; its text formats are told by how they begin.
        var text = first[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        text = text.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        guard !text.isEmpty else { return first.isEmpty ? nil : "nothing but blanks" }
        let lower = text.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        for (start, words) in textual where lower.starts(with: start.utf8) { return words }
        if isTcpdumpText(first) { return "what tcpdump prints: have it write a capture, with -w FILE" }
        guard first.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }) else { return nil }
        return "text"
    }

    private static let binary: [([UInt8], String)] = [
        ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive: unzip it first"),
        ([0x42, 0x5A, 0x68], "compressed: bunzip2 it first"),
        ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
        ([0xFF, 0xD8, 0xFF], "a JPEG image"),
        ([0x25, 0x50, 0x44, 0x46], "a PDF document"),
        ([0x7F, 0x45, 0x4C, 0x46], "a program (ELF)"),
        ([0x73, 0x6E, 0x6F, 0x6F, 0x70, 0x00], "a snoop capture: convert it with editcap -F pcapng"),
        ([0x52, 0x54, 0x53, 0x53], "a capture of Network Monitor: convert it with editcap -F pcapng"),
        ([0x47, 0x4D, 0x42, 0x55], "a capture of Network Monitor: convert it with editcap -F pcapng"),
        ([0xFF, 0xFE], "text in UTF-16: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)"),
        ([0xFE, 0xFF], "text in UTF-16: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)"),
    ]

    /// In lower case; the longer ones first.
    private static let textual: [(String, String)] = [
        ("<!doctype html", "an HTML page"), ("<html", "an HTML page"), ("<", "XML or HTML"),
        ("client_random ", "a TLS key log: it goes into a capture, not here"),
        ("client_handshake_traffic_secret ", "a TLS key log: it goes into a capture, not here"),
        ("server_handshake_traffic_secret ", "a TLS key log: it goes into a capture, not here"),
        ("get /", "an HTTP request's text"), ("http/1.", "an HTTP response's text"),
        ("{", "a JSON object: HAR and ledger are read from a file, not from the standard input"),
        ("[", "a JSON array: HAR and ledger are objects"),
    ]

    /// `14:02:31.250000 IP 10.0.0.1.5 > …`
    private static func isTcpdumpText(_ first: [UInt8]) -> Bool {
        guard first.count > 16, first[2] == 0x3A, first[5] == 0x3A, first[8] == 0x2E else { return false }
        return [0, 1, 3, 4, 6, 7, 9, 14].allSatisfy { (0x30...0x39).contains(first[$0]) } && first[15] == 0x20
    }
}
