/// The classes of octets that the grammars name, each as two words of bits for the ASCII half.
extension UInt8 {
    /// `tchar` of RFC 9110 §5.6.2: what methods, field names and list tokens are made of.
    @inlinable public var isToken: Bool {
        self < 0x80 && (self < 0x40 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE as UInt64) &>> UInt64(self & 63) & 1 == 1
    }

    /// What RFC 3986 lets a request target hold, `#` excepted: pchar, `/`, `?` and `%`.
    @inlinable public var isTargetCharacter: Bool {
        self < 0x80 && (self < 0x40 ? 0xAFFF_FFF2_0000_0000 : 0x47FF_FFFE_87FF_FFFF as UInt64) &>> UInt64(self & 63) & 1 == 1
    }

    /// SP or HTAB: the only white space that HTTP/1.1 knows inside a line.
    @inlinable public var isBlank: Bool { self == 0x20 || self == 0x09 }

    /// `0` … `9`.
    @inlinable public var isDigit: Bool { self &- 0x30 < 10 }

    /// `A` … `Z` or `a` … `z`.
    @inlinable public var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

    /// A control octet that may not stand in a field value: everything below SP but HTAB, and DEL.
    @inlinable public var isControl: Bool { (self < 0x20 && self != 0x09) || self == 0x7F }

    /// `unreserved` of RFC 3986 §2.3.
    @inlinable public var isUnreserved: Bool {
        isLetter || isDigit || self == 0x2D || self == 0x2E || self == 0x5F || self == 0x7E
    }

    /// The value of a hexadecimal digit.
    @inlinable public var hexadecimalValue: UInt8? {
        if isDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    /// The octet with an ASCII capital turned into its small letter.
    @inlinable public var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}
