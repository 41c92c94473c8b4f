import Diagnosis
import Testing
import WebSocketWire
import Wire

@testable import ProxyCore

/// One held session, driven by hand.
struct HoldScript {
    var relay: HoldRelay
    var toBackend = FrameReader(.clientToServer)
    var toClient = FrameReader(.serverToClient)
    /// The last ping that the backend got.
    var ping: [UInt8] = []

    init(_ change: (inout HoldPolicy) -> Void = { _ in }) {
        var policy = HoldPolicy()
        change(&policy)
        relay = HoldRelay(policy, nonce: 42, now: Timestamp(nanoseconds: 5_000_000_000))
    }

    /// What both peers read, pings of the confirmation apart.
    mutating func step(_ input: (inout HoldRelay, inout HoldOutput) -> Void) throws -> (
        backend: [String], client: [String], out: HoldOutput
    ) {
        var out = HoldOutput()
        input(&relay, &out)
        let backend = try toBackend.read(out.toBackend)
        if let ping = backend.last(where: { $0.opcode == .ping && $0.payload.count == 8 }) { self.ping = ping.payload }
        let client = try toClient.read(out.toClient)
        if out.lost != nil {
            toBackend = FrameReader(.clientToServer)
        }
        func words(_ messages: [FrameReader.Message]) -> [String] {
            messages.filter { !($0.opcode == .ping && $0.payload.count == 8) }.map { message in
                switch message.opcode {
                case .text, .binary: message.text
                case .close:
                    "close \(message.payload.count >= 2 ? Int(message.payload[0]) << 8 | Int(message.payload[1]) : 1005)"
                default: "\(message.opcode.name) \(message.text)"
                }
            }
        }
        return (words(backend), words(client), out)
    }

    mutating func client(_ bytes: [UInt8], _ now: Timestamp) throws -> (backend: [String], client: [String], out: HoldOutput) {
        try step { $0.fromClient(bytes, now, &$1) }
    }

    mutating func backend(_ bytes: [UInt8], _ now: Timestamp) throws -> (backend: [String], client: [String], out: HoldOutput) {
        try step { $0.fromBackend(bytes, now, &$1) }
    }

    mutating func pong(_ now: Timestamp) throws -> (backend: [String], client: [String], out: HoldOutput) {
        try backend(HoldFrames.server(.pong, ping), now)
    }

    mutating func lose(_ now: Timestamp) throws -> (backend: [String], client: [String], out: HoldOutput) {
        try step { $0.backendLost(HoldLoss(.reset), now: now, &$1) }
    }

    /// The next attempt is made and succeeds.
    mutating func resume() throws -> (backend: [String], client: [String], out: HoldOutput) {
        let now = relay.hold.deadline
        let begun = try step { $0.deadlinePassed(now: now, &$1) }
        #expect(begun.out.connects)
        return try step { _ = $0.resumed(now: now, &$1) }
    }
}
