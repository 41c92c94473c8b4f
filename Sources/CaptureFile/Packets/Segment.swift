/// One TCP segment: whose it is, where it stands, and where its payload lies.
package struct Segment: Sendable, Hashable {
    package var key: ConnectionKey
    package var sender: ConnectionEnd
    package var sequence: UInt32
    package var acknowledgement: UInt32
    package var flags: Flags
    package var window: UInt16
    /// The captured payload, in the bytes that were decoded.
    package var payload: Range<Int>
    /// Payload bytes that the snapshot length cut off.
    package var cut: Int

    package struct Flags: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8
        @inline(__always) package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let fin = Flags(rawValue: 0x01)
        package static let syn = Flags(rawValue: 0x02)
        package static let rst = Flags(rawValue: 0x04)
        package static let psh = Flags(rawValue: 0x08)
        package static let ack = Flags(rawValue: 0x10)
    }

    /// Payload bytes on the wire.
    @inline(__always) var length: Int { payload.count + cut }
}
