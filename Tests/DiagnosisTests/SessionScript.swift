import TestSupport
import WebSocketWire
import Wire

@testable import Diagnosis

/// A session for tests: events with times in milliseconds after the 101.
struct SessionScript: Sendable {
    var events: [RecordedEvent] = []

    /// Opens with a proper handshake; `request` and `response` replace it.
    init(request: [UInt8] = Vector.request(), response: [UInt8] = Vector.accepted()) {
        events = [
            .opened(ClientFacts(address: SocketAddress(v4: 0x7F00_0001, port: 50_000)), at: Vector.now),
            .request(request), .response(response, at: Vector.now),
        ]
    }

    static func at(_ milliseconds: UInt64) -> Timestamp { Vector.now + .milliseconds(milliseconds) }

    func client(_ frame: [UInt8], _ milliseconds: UInt64) -> SessionScript {
        adding(.relayed(.clientToServer, frame, at: Self.at(milliseconds)))
    }
    func server(_ frame: [UInt8], _ milliseconds: UInt64) -> SessionScript {
        adding(.relayed(.serverToClient, frame, at: Self.at(milliseconds)))
    }
    func end(_ side: Side, _ end: TransportEnd = .finished, _ milliseconds: UInt64) -> SessionScript {
        adding(.ended(side, end, at: Self.at(milliseconds)))
    }
    func local(_ side: Side, _ end: LocalEnd, _ code: UInt16?, _ milliseconds: UInt64) -> SessionScript {
        adding(.local(side, end, closeCode: code, at: Self.at(milliseconds)))
    }

    func adding(_ event: RecordedEvent) -> SessionScript {
        var script = self
        script.events.append(event)
        return script
    }

    var record: SessionRecord? { SessionReplayer.replay(events).record }
    var verdict: Verdict? { record?.verdict }

    /// A frame of the client's, masked with zeros so that the payload stays readable.
    static func masked(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        length(first, payload.count, mask: 0x80) + [0, 0, 0, 0] + payload
    }

    static func unmasked(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] { length(first, payload.count, mask: 0) + payload }

    static func text(_ text: String, client: Bool = true) -> [UInt8] {
        client ? masked(0x81, Array(text.utf8)) : unmasked(0x81, Array(text.utf8))
    }

    static func close(_ code: UInt16, _ reason: String = "", client: Bool = false) -> [UInt8] {
        let payload = [UInt8(code >> 8), UInt8(code & 255)] + Array(reason.utf8)
        return client ? masked(0x88, payload) : unmasked(0x88, payload)
    }

    private static func length(_ first: UInt8, _ count: Int, mask: UInt8) -> [UInt8] {
        if count < 126 { return [first, mask | UInt8(count)] }
        return [first, mask | 126, UInt8(count >> 8), UInt8(count & 255)]
    }
}
