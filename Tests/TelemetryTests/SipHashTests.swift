import TestSupport
import Testing

@testable import Telemetry

@Suite struct `SipHash-2-4` {
    // The reference vectors: key 00 01 … 0f, input 00 01 … of each length.
    @Test(
        arguments: [
            (0, 0x726F_DB47_DD0E_0E31), (1, 0x74F8_39C5_93DC_67FD), (7, 0xAB02_00F5_8B01_D137),
            (8, 0x93F5_F579_9A93_2462), (15, 0xA129_CA61_49BE_45E5),
        ] as [(UInt8, UInt64)])
    func `gives the authors' vectors`(length: UInt8, expected: UInt64) {
        let hash = SipHash(key0: 0x0706_0504_0302_0100, key1: 0x0F0E_0D0C_0B0A_0908)
        let input = (0..<length).map { $0 }
        #expect(input.withUnsafeBufferPointer { hash.hash($0) } == expected)
    }
}
