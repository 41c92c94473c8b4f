public import Wire

/// Writes a pcapng file of what Gatehouse relayed: blocks, and the packets of `TapConversation`s in them.
///
/// A pure function from events to bytes: no descriptor, no clock, no chance. The tap's writer thread calls it with copies of what was
/// relayed, and writes `buffer` to the disk when it likes; whatever has been encoded is whole blocks.
///
/// The file has two interfaces, `downstream` (0) and `upstream` (1), both raw IP with times in nanoseconds.
public struct CaptureEncoder: ~Copyable {
    /// What was encoded and not yet taken away.
    public var buffer: CaptureBuffer
    /// Packets written so far, by side.
    public internal(set) var packets: (downstream: UInt64, upstream: UInt64) = (0, 0)

    public init(capacity: Int = 1 << 16) {
        buffer = CaptureBuffer(capacity: capacity)
    }

    static let nanoseconds: UInt8 = 9
    private static let rawIP: UInt16 = 101

    /// The head of a file: the section, and both interfaces. Every file of a rotation begins with it.
    public mutating func begin(application: String = "Gatehouse") {
        section(application: application)
        for side in Side.allCases {
            block(0x0000_0001) { buffer in
                buffer.put16(CaptureEncoder.rawIP)
                buffer.put16(0)
                buffer.put32(262_144)
                buffer.putOption(2, Array(side.name.utf8))
                buffer.putOption(9, [CaptureEncoder.nanoseconds])
                buffer.put32(0)
            }
        }
    }

    /// The Section Header Block; what its length is isn't known in advance.
    mutating func section(application: String) {
        block(0x0A0D_0D0A) { buffer in
            buffer.put32(0x1A2B_3C4D)
            buffer.put16(1)
            buffer.put16(0)
            buffer.put64(.max)
            buffer.putOption(4, Array(application.utf8))
            buffer.put32(0)
        }
    }

    /// A Decryption Secrets Block: lines of a TLS key log. It must stand before the packets that it opens.
    public mutating func secrets(_ keyLog: [UInt8]) {
        block(0x0000_000A) { buffer in
            buffer.put32(0x544C_534B)
            buffer.put32(UInt32(clamping: keyLog.count))
            buffer.putPadded(keyLog.span.bytes)
        }
    }

    /// Interface Statistics Blocks: how many packets of a side were relayed and how many of them didn't reach the file.
    public mutating func statistics(_ side: Side, received: UInt64, dropped: UInt64, at time: Timestamp) {
        block(0x0000_0005) { buffer in
            buffer.put32(UInt32(side.rawValue))
            buffer.put32(UInt32(truncatingIfNeeded: time.nanoseconds >> 32))
            buffer.put32(UInt32(truncatingIfNeeded: time.nanoseconds))
            for (code, value) in [(UInt16(4), received), (5, dropped)] {
                buffer.put16(code)
                buffer.put16(8)
                buffer.put64(value)
            }
            buffer.put32(0)
        }
    }

    mutating func block(_ type: UInt32, _ body: (inout CaptureBuffer) -> Void) {
        let start = buffer.count
        buffer.put32(type)
        buffer.put32(0)
        body(&buffer)
        let length = UInt32(buffer.count - start + 4)
        buffer.put32(length)
        buffer.set32(length, at: start + 4)
    }
}
