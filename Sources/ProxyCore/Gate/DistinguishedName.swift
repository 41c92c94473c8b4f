import HTTPWire

/// The parts of a certificate's subject, from its text form (RFC 2253, RFC 4514).
///
/// What can't be read has no parts, and so meets no condition: a subject that contains `\,CN=admin` inside of a value is one value.
struct DistinguishedName: Sendable, Hashable {
    struct Part: Sendable, Hashable {
        /// In upper case: `CN`.
        let name: String
        let value: [UInt8]
    }

    private(set) var parts: [Part] = []

    init(_ text: String) {
        var found: [Part] = []
        var name: [UInt8] = []
        var value: [UInt8] = []
        var isInValue = false
        /// Blanks that end a value unless something follows.
        var blanks = 0
        let octets = Array(text.utf8)
        var at = 0

        func end() -> Bool {
            guard isInValue, !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isDigit || $0 == 0x2E || $0 == 0x2D }) else {
                return false
            }
            found.append(
                Part(name: String(decoding: name, as: UTF8.self).uppercased(), value: Array(value.dropLast(blanks))))
            (name, value, isInValue, blanks) = ([], [], false, 0)
            return true
        }

        while at < octets.count {
            let byte = octets[at]
            at += 1
            switch byte {
            case 0x3D where !isInValue: isInValue = true
            case 0x2C, 0x2B, 0x3B:
                guard end() else { return }
            case 0x5C where isInValue:
                guard at < octets.count else { return }
                if at + 1 < octets.count, let high = octets[at].hexadecimalValue, let low = octets[at + 1].hexadecimalValue {
                    value.append(high << 4 | low)
                    at += 2
                } else {
                    value.append(octets[at])
                    at += 1
                }
                blanks = 0
            case 0x20 where !isInValue && name.isEmpty, 0x20 where isInValue && value.isEmpty: continue
            default:
                if isInValue {
                    value.append(byte)
                    blanks = byte == 0x20 ? blanks + 1 : 0
                } else {
                    name.append(byte)
                }
            }
        }
        guard end() else { return }
        parts = found
    }

    /// The value of the only part of this name; nil if there is none, or several.
    func only(_ name: String) -> [UInt8]? {
        let fitting = parts.filter { $0.name == name }
        return fitting.count == 1 ? fitting.first?.value : nil
    }
}
