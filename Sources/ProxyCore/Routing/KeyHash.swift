/// A hash of octets that is the same in every process, on every machine and after every restart: what says where a key belongs must
/// not change with the process that says it.
///
/// FNV-1a, finished by a mixer of 64 bits, so that keys which differ in one bit differ in half of the hash's. It protects nothing:
/// who may choose keys may choose where they go, which is all that they can do with it.
public enum KeyHash {
    /// The hash of `octets`.
    public static func of(_ octets: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in octets { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return mixed(hash)
    }

    /// One hash of two.
    static func combined(_ a: UInt64, _ b: UInt64) -> UInt64 { mixed(a ^ (b << 29 | b >> 35) &* 0x9E37_79B9_7F4A_7C15) }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 33) &* 0xFF51_AFD7_ED55_8CCD
        value = (value ^ value >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return value ^ value >> 33
    }
}
