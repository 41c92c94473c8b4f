public import Wire

/// The members that a line is made of.
extension LineBuffer {
    // MARK: Text

    /// A constant of ours: an id, a name from a closed set. Not escaped.
    public mutating func field(_ key: StaticString, constant value: StaticString) {
        self.key(key)
        put(0x22)
        put(value)
        reserve(1)
        put(0x22)
    }

    /// Text that may come from anywhere: escaped, cut at the limit. Secrets go through `LogRedaction` instead.
    public mutating func field(_ key: StaticString, _ value: String) {
        self.key(key)
        element(value)
    }

    /// Bytes that may come from anywhere.
    public mutating func field(_ key: StaticString, _ value: RawSpan) {
        self.key(key)
        value.withUnsafeBytes { self.value($0.assumingMemoryBound(to: UInt8.self)) }
    }

    /// Text as the next element of an array, or as the value after a key.
    public mutating func element(_ value: String) {
        var value = value
        value.withUTF8 { self.value($0) }
    }

    /// A constant of ours as the next element of an array.
    public mutating func element(constant value: StaticString) {
        separate()
        put(0x22)
        put(value)
        reserve(1)
        put(0x22)
    }

    // MARK: Numbers

    public mutating func field(_ key: StaticString, _ value: UInt64) {
        self.key(key)
        digits(value)
    }

    public mutating func field(_ key: StaticString, _ value: Int) {
        self.key(key)
        reserve(1)
        if value < 0 { put(0x2D) }
        digits(UInt64(value.magnitude))
    }

    public mutating func field(_ key: StaticString, _ value: Bool) {
        self.key(key)
        put(value ? "true" : "false")
    }

    /// A member that is known to have no value.
    public mutating func null(_ key: StaticString) {
        self.key(key)
        put("null")
    }

    /// A length of time in milliseconds with three decimals.
    public mutating func field(_ key: StaticString, milliseconds span: TimeSpan) {
        self.key(key)
        let micros = span.nanoseconds / 1000
        digits(micros / 1000)
        reserve(4)
        put(0x2E)
        putDigits(micros % 1000, width: 3)
    }

    // MARK: Names and times

    public mutating func field(_ key: StaticString, session: SessionID) {
        self.key(key)
        reserve(15)
        put(0x22)
        let place = base + count
        var index = 0
        session.withCharacters {
            place[index] = $0
            index += 1
        }
        count += index
        put(0x22)
    }

    /// RFC 3339 in UTC with microseconds.
    public mutating func field(_ key: StaticString, time: Timestamp) {
        self.key(key)
        reserve(32)
        let seconds = time.nanoseconds / 1_000_000_000
        if seconds != second { renew(seconds) }
        put(0x22)
        for index in 0..<20 { put(date[index]) }
        putDigits(time.nanoseconds % 1_000_000_000 / 1000, width: 6)
        put(0x5A)
        put(0x22)
    }

    /// `203.0.113.7:443`, `[2001:db8::1]:443`.
    public mutating func field(_ key: StaticString, address: SocketAddress) {
        self.key(key)
        reserve(64)
        put(0x22)
        put(host: address, bracketed: true)
        put(0x3A)
        digits(UInt64(address.port))
        put(0x22)
    }

    /// The address without its port.
    public mutating func field(_ key: StaticString, host address: SocketAddress) {
        self.key(key)
        reserve(64)
        put(0x22)
        put(host: address, bracketed: false)
        put(0x22)
    }

    // MARK: Digits

    /// A decimal number without sign.
    mutating func digits(_ value: UInt64) {
        reserve(20)
        // Most counts of a line are noughts and ones.
        if value < 10 { return put(0x30 + UInt8(truncatingIfNeeded: value)) }
        var length = 1
        var rest = value / 10
        while rest > 0 {
            length += 1
            rest /= 10
        }
        putDigits(value, width: length)
    }

    /// The last `width` decimal digits, zeros included; room must be there.
    @inline(__always)
    mutating func putDigits(_ value: UInt64, width: Int) {
        var rest = value
        var index = width
        while index > 0 {
            index -= 1
            base[count + index] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += width
    }

    private mutating func put(host address: SocketAddress, bracketed: Bool) {
        if address.isV4 {
            for part in 0..<4 {
                if part > 0 { put(0x2E) }
                digits(address.low >> UInt64(24 - 8 * part) & 0xFF)
            }
            return
        }
        if bracketed { put(0x5B) }
        let zeros = LineBuffer.longestZeros(address)
        for index in 0..<8 {
            if index == zeros.lowerBound, zeros.count > 1 {
                put(0x3A)
                put(0x3A)
            }
            if zeros.contains(index), zeros.count > 1 { continue }
            if index > 0, !(zeros.count > 1 && index == zeros.upperBound) { put(0x3A) }
            let group = LineBuffer.group(address, index)
            var shift = group > 0xFFF ? 12 : group > 0xFF ? 8 : group > 0xF ? 4 : 0
            while shift >= 0 {
                put(LineBuffer.hexDigit(UInt32(group) >> UInt32(shift)))
                shift -= 4
            }
        }
        if bracketed { put(0x5D) }
    }

    private static func group(_ address: SocketAddress, _ index: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: (index < 4 ? address.high : address.low) >> UInt64(48 - 16 * (index & 3)))
    }

    /// The longest run of zero groups, the first of equals (RFC 5952 §4.2).
    private static func longestZeros(_ address: SocketAddress) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0..<8 {
            if group(address, index) != 0 {
                start = index + 1
            } else if index + 1 - start > best.count {
                best = start..<index + 1
            }
        }
        return best
    }

    /// Writes the date of another second into `date`.
    private mutating func renew(_ seconds: UInt64) {
        second = seconds
        let day = seconds / 86400
        let clock = seconds % 86400
        // Days since 0000-03-01, in eras of 400 years (146,097 days), so that the leap day ends a year.
        let shifted = day + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * ofYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func write(_ value: UInt64, _ place: Int, _ width: Int) {
            var rest = value
            for index in stride(from: place + width - 1, through: place, by: -1) {
                date[index] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
        }
        write(year, 0, 4)
        write(month, 5, 2)
        write(ofYear - (153 * march + 2) / 5 + 1, 8, 2)
        write(clock / 3600, 11, 2)
        write(clock / 60 % 60, 14, 2)
        write(clock % 60, 17, 2)
        (date[4], date[7], date[10], date[13], date[16], date[19]) = (0x2D, 0x2D, 0x54, 0x3A, 0x3A, 0x2E)
    }
}
