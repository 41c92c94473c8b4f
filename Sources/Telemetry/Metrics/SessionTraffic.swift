public import WebSocketWire
public import Wire

/// Frames and bytes of sessions, added up: what the ended ones left, and what the live ones have so far.
///
/// The relay counts in its sessions and touches no cell. When somebody asks for metrics, a worker adds its live sessions to what the ended ones
/// left and puts the difference to the last time into the cells (`WorkerMetrics.publish`). So a session that lives for
/// days shows while it lives, and neither a frame nor an idle session costs anything.
public struct SessionTraffic: Sendable {
    public var clientToServer = FrameCounts()
    public var serverToClient = FrameCounts()
    public var clientBytes: UInt64 = 0
    public var serverBytes: UInt64 = 0

    public init() {}

    /// Adds what one session relayed in one direction.
    public mutating func add(_ counts: FrameCounts, bytes: UInt64, _ direction: Direction) {
        if direction == .clientToServer {
            clientToServer = clientToServer + counts
            clientBytes &+= bytes
        } else {
            serverToClient = serverToClient + counts
            serverBytes &+= bytes
        }
    }
}

extension WorkerMetrics {
    /// Puts what has come since `earlier` into the cells.
    public func publish(_ traffic: SessionTraffic, since earlier: SessionTraffic) {
        add(
            traffic.clientToServer, since: earlier.clientToServer, bytes: traffic.clientBytes &- earlier.clientBytes,
            .clientToServer
        )
        add(
            traffic.serverToClient, since: earlier.serverToClient, bytes: traffic.serverBytes &- earlier.serverBytes,
            .serverToClient
        )
    }
}
