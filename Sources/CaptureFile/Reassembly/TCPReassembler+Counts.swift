extension TCPReassembler {
    /// What there was over all.
    public struct Counts: Sendable, Hashable {
        public var connections: UInt64 = 0
        /// Connections that were let go because too many were open.
        public var letGo: UInt64 = 0
        /// Connections whose SYN was answered with RST.
        public var refused: UInt64 = 0
        public var payloadBytes: UInt64 = 0
        public var missingBytes: UInt64 = 0
        public var retransmissions: UInt64 = 0
        public var outOfOrder: UInt64 = 0
        /// The most connections that were held at a time.
        public var mostHeld = 0
    }
}
