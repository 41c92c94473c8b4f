import HTTPWire
import TestSupport
import Testing
import Wire

/// The searches in words of eight octets agree with the plain definition, for every octet at every place.
@Suite struct ScanningTests {
    @Test func `each octet in a name, a value and a line is judged alike at every place`() {
        for octet in 0..<256 {
            for place in 0..<17 {
                var name = bytes("abcdefgh-IJKLMNOP")
                name[place] = UInt8(octet)
                let head = RequestHead(copy: bytes("GET / HTTP/1.1\r\nHost: a\r\n", name, ": v\r\n\r\n"))
                let isGood = name[place].isToken || (octet == 0x3A && place > 0)
                #expect(head.isForwardable == isGood, "name \(octet) at \(place)")

                var value = bytes("0123456789abcdefg")
                value[place] = UInt8(octet)
                let other = RequestHead(copy: bytes("GET / HTTP/1.1\r\nHost: a\r\nX: ", value, "\r\n\r\n"))
                #expect(other.isForwardable == !UInt8(octet).isControl, "value \(octet) at \(place)")
            }
        }
    }
}
