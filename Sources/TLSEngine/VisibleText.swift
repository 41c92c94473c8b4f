/// Text that a peer chose, made fit for a sentence: visible ASCII stays, everything else becomes `\xNN`.
enum VisibleText {
    static func of(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes {
            if (0x20...0x7E).contains(byte), byte != 0x5C {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return text
    }

    /// The same for a C string of OpenSSL's; nil stays nil.
    static func of(_ text: UnsafePointer<CChar>?) -> String? {
        text.map { of(String(cString: $0).utf8) }
    }
}
