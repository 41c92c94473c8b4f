extension TCPReassembler {
    /// What there was over all.
    package struct Counts: Sendable, Hashable {
        package var connections: UInt64 = 0
        /// Connections that were let go because too many were open.
        package var letGo: UInt64 = 0
        /// Connections whose SYN was answered with RST.
        package var refused: UInt64 = 0
        package var payloadBytes: UInt64 = 0
        package var missingBytes: UInt64 = 0
        package var retransmissions: UInt64 = 0
        package var outOfOrder: UInt64 = 0
        /// The most connections that were held at a time.
        package var mostHeld = 0
    }
}
