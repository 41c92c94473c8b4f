/// Why nothing more comes of a connection.
public enum ConnectionClosure: Sendable, Hashable {
    /// Both directions ended, or it was reset.
    case ended
    /// A SYN was answered with RST.
    case refused
    /// The capture is over.
    case captureEnded
    /// Too many connections were open at a time, and this was silent for longest.
    case letGo
    /// Its addresses and ports came back with a new SYN.
    case replaced
}
