import EventLoop
import HTTPWire
import WebSocketWire
import Wire

/// One connection of the load client, and what it waits for.
final class LoadConnection {
    let index: Int
    var id = ConnectionID.none
    /// Monotonic nanoseconds at which the connection was begun.
    var began: UInt64 = 0
    var isUp = false
    var isGone = false
    var scanner = HeadScanner(limit: 64 << 10)
    var head: [UInt8] = []
    var parser = FrameParser(direction: .serverToClient)
    /// When each message in flight was sent, a ring of the window's length.
    var sentAt: [UInt64]
    var oldest = 0
    var inFlight = 0
    var sendNumber: UInt64 = 0
    var receiveNumber: UInt64 = 0
    /// Frames of the present stream that have come.
    var streamed = 0
    /// The payload of the ping that is being read.
    var ping: [UInt8]?
    /// The payload of the close frame that came.
    var close: [UInt8]?
    /// Bytes of the present HTTP body that are still to come.
    var bodyRemaining = 0

    init(index: Int, window: Int) {
        self.index = index
        sentAt = [UInt64](repeating: 0, count: window)
    }

    /// Begins anew, for the next upgrade.
    func reset() {
        id = .none
        isUp = false
        scanner.reset()
        head.removeAll(keepingCapacity: true)
        parser = FrameParser(direction: .serverToClient)
        ping = nil
        close = nil
    }
}
