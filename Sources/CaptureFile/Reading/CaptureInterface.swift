import Wire

/// One interface of a pcapng section: how its packets begin, and in which unit its times are.
struct CaptureInterface: Sendable, Hashable {
    var link: LinkType
    var name = ""
    var snapshotLength: Int
    /// `if_tsresol`: a power of ten, or of two if the top bit is set.
    private(set) var resolution: UInt8 = 6
    /// `if_tsoffset`, in seconds.
    var offset: Int64 = 0
    private var multiplier: UInt64 = 1000
    private var divisor: UInt64 = 1

    init(link: LinkType, snapshotLength: Int) {
        self.link = link
        self.snapshotLength = snapshotLength
    }

    /// Takes the unit over; false if it is none that a 64-bit time can have.
    mutating func setResolution(_ value: UInt8) -> Bool {
        resolution = value
        let exponent = value & 0x7F
        if value & 0x80 != 0 { return exponent < 64 }
        guard exponent <= 19 else { return false }
        multiplier = exponent < 9 ? CaptureInterface.power(9 - exponent) : 1
        divisor = exponent > 9 ? CaptureInterface.power(exponent - 9) : 1
        return true
    }

    /// The time of `count` units; saturates, since a file may claim any number.
    @inline(__always)
    func time(_ count: UInt64) -> Timestamp {
        var nanoseconds: UInt64
        if resolution & 0x80 == 0 {
            let (product, overflow) = count.multipliedReportingOverflow(by: multiplier)
            nanoseconds = overflow ? .max : product / divisor
        } else {
            nanoseconds = binary(count)
        }
        if offset != 0 { nanoseconds = shifted(nanoseconds) }
        return Timestamp(nanoseconds: nanoseconds)
    }

    private func binary(_ count: UInt64) -> UInt64 {
        let exponent = UInt64(resolution & 0x7F)
        let product = count.multipliedFullWidth(by: 1_000_000_000)
        // The 128-bit product, shifted right by less than 64.
        guard exponent > 0 else { return product.high == 0 ? product.low : .max }
        guard product.high >> exponent == 0 else { return .max }
        return product.high << (64 - exponent) | product.low >> exponent
    }

    private func shifted(_ nanoseconds: UInt64) -> UInt64 {
        let (shift, overflow) = offset.magnitude.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return offset < 0 ? 0 : .max }
        if offset < 0 { return nanoseconds > shift ? nanoseconds - shift : 0 }
        let (sum, tooLarge) = nanoseconds.addingReportingOverflow(shift)
        return tooLarge ? .max : sum
    }

    private static func power(_ exponent: UInt8) -> UInt64 { (0..<exponent).reduce(1) { value, _ in value * 10 } }
}
