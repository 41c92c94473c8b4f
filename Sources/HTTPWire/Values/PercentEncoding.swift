/// Percent-decoding (RFC 3986 §2.1), the same for all who read names and values of a query or a path.
///
/// Who must not decode (`CanonicalPath`, which only undoes what changes no meaning) or not just once (the names of secrets) has rules of
/// its own.
public enum PercentEncoding {
    /// The octets that `text` stands for; nil where an escape is none.
    ///
    /// - Parameters:
    ///   - plusIsBlank: as forms encode a query.
    ///   - keepsMalformed: An escape that is none stays as it stands, in place of spoiling the whole.
    @inlinable public static func decoded(
        _ text: some Collection<UInt8>, plusIsBlank: Bool = false, keepsMalformed: Bool = false
    ) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.count)
        var rest = text[...]
        while let octet = rest.popFirst() {
            switch octet {
            case 0x25:
                var behind = rest
                if let high = behind.popFirst()?.hexadecimalValue, let low = behind.popFirst()?.hexadecimalValue {
                    octets.append(high << 4 | low)
                    rest = behind
                } else if keepsMalformed {
                    octets.append(octet)
                } else {
                    return nil
                }
            case 0x2B where plusIsBlank: octets.append(0x20)
            default: octets.append(octet)
            }
        }
        return octets
    }
}
