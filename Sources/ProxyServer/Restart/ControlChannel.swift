import CLinux
public import ProxyCore

/// One end of a connection between two processes of a hot restart, or of an operator's command. Closed with its last reference.
public final class ControlChannel: Sendable {
    /// What was there to be received.
    public enum Received {
        case packet(bytes: [UInt8], descriptors: [Int32])
        case nothing
        case ended
        /// More than a packet may hold; what it passed is closed.
        case oversized
    }

    let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = clinux_close(descriptor) }

    /// Connects to the process that listens at `path`; nil where nobody does.
    public static func connect(_ path: String) throws(Server.StartFailure) -> ControlChannel? {
        let descriptor = clinux_control_connect(path)
        switch -descriptor {
        case ...0: break
        case 2, 111: return nil
        case 13:
            throw Server.StartFailure(
                "The control socket \(path) belongs to another user (EACCES): start this process as the user of the running one.")
        case 91:
            throw Server.StartFailure(
                "\(path) is a socket of another kind (EPROTOTYPE), not Gatehouse's: choose another restart.socket.")
        default: throw Server.StartFailure("The control socket \(path) can't be connected to: errno \(-descriptor).")
        }
        let channel = ControlChannel(descriptor: descriptor)
        guard let peer = channel.peer else { return nil }
        if let refusal = PredecessorDialogue.refusal(ofUser: peer.uid, own: clinux_effective_user()) {
            throw Server.StartFailure("The control socket \(path) is served by \(refusal).")
        }
        return channel
    }

    /// Who opened the other end.
    var peer: (pid: Int32, uid: UInt32)? {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        return clinux_peer_identity(descriptor, &pid, &uid) < 0 ? nil : (pid, uid)
    }

    /// Sends one packet; false if the other end has gone or takes nothing for a second.
    @discardableResult
    public func send(_ message: RestartMessage, _ descriptors: ArraySlice<Int32> = []) -> Bool {
        let bytes = message.bytes
        let passed = Array(descriptors)
        for _ in 0..<1000 {
            let sent = clinux_send_packet(descriptor, bytes, bytes.count, passed, Int32(passed.count))
            if sent >= 0 { return true }
            guard sent == -11 /* EAGAIN */ else { return false }
            clinux_sleep(1_000_000)
        }
        return false
    }

    /// The packet that waits, without waiting for one.
    public func receive() -> Received {
        var bytes = [UInt8](repeating: 0, count: RestartMessage.sizeLimit)
        var descriptors = [Int32](repeating: -1, count: Int(CLINUX_PACKET_DESCRIPTORS))
        var count: Int32 = 0
        let size = clinux_receive_packet(descriptor, &bytes, bytes.count, &descriptors, Int32(descriptors.count), &count)
        switch size {
        case 1...: return .packet(bytes: Array(bytes[..<size]), descriptors: Array(descriptors[..<Int(count)]))
        case -11 /* EAGAIN */, -4 /* EINTR */: return .nothing
        case -90 /* EMSGSIZE */: return .oversized
        default:
            // An empty packet looks like an end, and means as much; what it passes is nobody's.
            for passed in descriptors[..<Int(count)] { _ = clinux_close(passed) }
            return .ended
        }
    }

    /// Waits until there is something to receive, at most so many milliseconds.
    public func wait(milliseconds: Int32) -> Bool {
        var own = descriptor
        return clinux_poll(&own, 1, milliseconds) != 0
    }
}
