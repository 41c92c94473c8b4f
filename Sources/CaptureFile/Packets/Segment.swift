/// One TCP segment: whose it is, where it stands, and where its payload lies.
public struct Segment: Sendable, Hashable {
    public var key: ConnectionKey
    public var sender: ConnectionEnd
    public var sequence: UInt32
    public var acknowledgement: UInt32
    public var flags: Flags
    public var window: UInt16
    /// The captured payload, in the bytes that were decoded.
    public var payload: Range<Int>
    /// Payload bytes that the snapshot length cut off.
    public var cut: Int

    public struct Flags: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let fin = Flags(rawValue: 0x01)
        public static let syn = Flags(rawValue: 0x02)
        public static let rst = Flags(rawValue: 0x04)
        public static let psh = Flags(rawValue: 0x08)
        public static let ack = Flags(rawValue: 0x10)
    }

    /// Payload bytes on the wire.
    @inline(__always) var length: Int { payload.count + cut }
}
