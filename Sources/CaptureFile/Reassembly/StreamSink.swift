public import Wire

/// What a capture's connections are told to: the bytes of each direction in order, what is missing, and how it ended.
///
/// A connection is named by its slot, a small number that is used again once `closed` was said.
public protocol StreamSink: AnyObject {
    /// Bytes that `sender` sent, the next ones of its direction; they hold for the call.
    ///
    /// - Returns: false if nothing more of this connection is wanted: from then on its packets cost next to nothing.
    func received(_ slot: Int, from sender: ConnectionEnd, _ bytes: RawSpan, at time: Timestamp) -> Bool
    /// `count` bytes of `sender`'s direction are not in the capture; nobody is to blame for them.
    func missed(_ slot: Int, from sender: ConnectionEnd, _ count: UInt64, at time: Timestamp)
    /// `sender` ended its direction (FIN), or the connection (RST).
    func ended(_ slot: Int, from sender: ConnectionEnd, _ end: TransportEnd, at time: Timestamp)
    /// Nothing more comes of this connection. Said of every connection, also of those that nothing else was said of.
    func closed(_ slot: Int, _ why: ConnectionClosure, at time: Timestamp)
}
