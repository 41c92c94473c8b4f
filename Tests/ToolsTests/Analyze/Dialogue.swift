import CaptureFile
import Diagnosis
import Glibc
import TestSupport
import WebSocketWire
import Wire

@testable import Tools

/// A conversation of a client and a server, to be told to every feeder: as events, as a capture of the wire, as a capture of a tap.
struct Dialogue: Sendable, CustomStringConvertible {
    enum Line: Sendable {
        case client([UInt8])
        case server([UInt8])
        case end(Side, TransportEnd)
        /// Gatehouse's own end; only in the live session and in a tap's capture.
        case local(Side, LocalEnd, UInt16?)
        /// Bytes of a direction that the capture doesn't have.
        case lost(Direction, UInt64)
    }

    let description: String
    /// Milliseconds after the beginning, and what happens then.
    var lines: [(UInt64, Line)]

    static let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    static let client = SocketAddress(v4: 0x7F00_0001, port: 50_000)
    static let server = SocketAddress(v4: 0x7F00_0001, port: 8000)
    static let downstream = SocketAddress(v4: 0x0A00_0001, port: 80)
    static let upstream = SocketAddress(v4: 0x0A00_0001, port: 41_000)

    static func request(_ fields: String = "", path: String = "/ws") -> [UInt8] {
        Array(
            "GET \(path) HTTP/1.1\r\nHost: app.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\(fields)\r\n"
                .utf8)
    }

    static func accepted(_ fields: String = "", accept: String = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") -> [UInt8] {
        Array(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n\(fields)\r\n"
                .utf8)
    }

    static func masked(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length: [UInt8] =
            payload.count < 126 ? [0x80 | UInt8(payload.count)] : [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        return [first] + length + [0, 0, 0, 0] + payload
    }

    static func unmasked(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length: [UInt8] =
            payload.count < 126 ? [UInt8(payload.count)] : [126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        return [first] + length + payload
    }

    static func close(_ code: UInt16, _ reason: String = "") -> [UInt8] {
        [UInt8(code >> 8), UInt8(code & 255)] + Array(reason.utf8)
    }

    /// The dialogue as a wire between the two would show it.
    func wire(cutting size: Int = 1448) -> [UInt8] {
        var encoder = CaptureEncoder()
        encoder.begin()
        var talk = TapConversation(side: .downstream, initiator: Dialogue.client, responder: Dialogue.server, number: 0xFFFF_FFF0)
        talk.open(at: Dialogue.start, into: &encoder)
        for (milliseconds, line) in lines {
            let now = Dialogue.start + .milliseconds(milliseconds)
            switch line {
            case .client(let bytes), .server(let bytes):
                let end: TapConversation.End = if case .client = line { .initiator } else { .responder }
                for offset in stride(from: 0, to: bytes.count, by: size) {
                    let piece = Array(bytes[offset..<min(offset + size, bytes.count)])
                    talk.data(from: end, piece.span.bytes, at: now, into: &encoder)
                }
            case .end(let side, .finished):
                talk.finish(from: side == .downstream ? .initiator : .responder, at: now, into: &encoder)
            case .end(let side, _): talk.reset(from: side == .downstream ? .initiator : .responder, at: now, into: &encoder)
            case .lost(let direction, let count): talk.missed(from: direction == .clientToServer ? .initiator : .responder, count)
            case .local: break
            }
        }
        return encoder.buffer.copied()
    }

    /// The dialogue as Gatehouse's tap writes it: both sides of the session, what was received and what was sent on.
    func tap(_ session: SessionID = SessionID(77)) -> [UInt8] {
        var encoder = CaptureEncoder()
        encoder.begin()
        var down = TapConversation(side: .downstream, initiator: Dialogue.client, responder: Dialogue.downstream, number: 5)
        var up = TapConversation(side: .upstream, initiator: Dialogue.upstream, responder: Dialogue.server, number: 0xFFFF_FF00)
        let comment = TapComment(session: session).text
        down.open(at: Dialogue.start, comment: comment, into: &encoder)
        for (milliseconds, line) in lines {
            let now = Dialogue.start + .milliseconds(milliseconds)
            switch line {
            case .client(let bytes):
                down.data(from: .initiator, bytes.span.bytes, at: now, into: &encoder)
                if !up.isOpen { up.open(at: now, comment: comment, into: &encoder) }
                up.data(from: .initiator, bytes.span.bytes, at: now, into: &encoder)
            case .server(let bytes):
                up.data(from: .responder, bytes.span.bytes, at: now, into: &encoder)
                down.data(from: .responder, bytes.span.bytes, at: now, into: &encoder)
            case .end(.downstream, let end):
                if end == .finished {
                    down.finish(from: .initiator, at: now, into: &encoder)
                    up.finish(from: .initiator, at: now, into: &encoder)
                } else {
                    down.reset(from: .initiator, at: now, into: &encoder)
                    up.reset(from: .initiator, at: now, into: &encoder)
                }
            case .end(.upstream, let end):
                if end == .finished {
                    up.finish(from: .responder, at: now, into: &encoder)
                    down.finish(from: .responder, at: now, into: &encoder)
                } else {
                    up.reset(from: .responder, at: now, into: &encoder)
                    down.reset(from: .responder, at: now, into: &encoder)
                }
            case .local(let side, let why, let code):
                let text = TapComment(event: .ended(why, closeCode: code)).text
                if side == .downstream {
                    down.finish(from: .responder, at: now, comment: text, into: &encoder)
                } else {
                    up.finish(from: .initiator, at: now, comment: text, into: &encoder)
                }
            case .lost: break
            }
        }
        return encoder.buffer.copied()
    }

    /// What the live session's analyser says of it.
    func live() -> (handshake: HandshakeObservation, record: SessionRecord?) {
        var events: [RecordedEvent] = [.opened(ClientFacts(address: Dialogue.client), at: Dialogue.start)]
        var isOpen = false
        for (milliseconds, line) in lines {
            let now = Dialogue.start + .milliseconds(milliseconds)
            switch line {
            case .client(let bytes):
                events.append(events.count == 1 ? .request(bytes) : .relayed(.clientToServer, bytes, at: now))
            case .server(let bytes):
                guard !isOpen else {
                    events.append(.relayed(.serverToClient, bytes, at: now))
                    continue
                }
                let text = String(decoding: bytes, as: UTF8.self)
                let length = text.range(of: "\r\n\r\n")
                events.append(.response(Array(bytes[..<length]), at: now))
                isOpen = text.hasPrefix("HTTP/1.1 101")
                if length < bytes.count {
                    events.append(
                        isOpen ? .relayed(.serverToClient, Array(bytes[length...]), at: now) : .bodyStart(Array(bytes[length...])))
                }
            case .end(let side, let end):
                if isOpen || events.contains(where: { if case .response = $0 { true } else { false } }) {
                    if isOpen { events.append(.ended(side, end, at: now)) }
                } else if side == .upstream {
                    events.append(.failed(.closedBeforeResponse(end, bytesSeen: 0), at: now))
                }
            case .local(let side, let why, let code): events.append(.local(side, why, closeCode: code, at: now))
            case .lost(let direction, let count): events.append(.gap(direction, count: count))
            }
        }
        return SessionReplayer.replay(events)
    }

    /// What `analyze` says of a file.
    static func analyze(_ files: [UInt8]..., wantsMessages: Bool = false) throws -> (
        sessions: [AnalyzedSession], logs: [MessageLog], analyzer: CaptureAnalyzer, endings: [CaptureStream.Ending]
    ) {
        var sessions: [AnalyzedSession] = []
        var logs: [MessageLog] = []
        let analyzer = CaptureAnalyzer(wants: { _, _ in wantsMessages }) { session, log in
            sessions.append(session)
            if let log { logs.append(log) }
        }
        var endings: [CaptureStream.Ending] = []
        for file in files {
            try withTemporaryFile(file) { path in endings.append(analyzer.read(try CaptureStream(path: path))) }
        }
        analyzer.finish()
        return (sessions.sorted { $0.number < $1.number }, logs, analyzer, endings)
    }

    /// Writes bytes to a file of its own, and takes it away again.
    static func withTemporaryFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        var template = Array("/tmp/gatehouse-analyze-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            Glibc.close(descriptor)
            unlink(path)
        }
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + offset, bytes.count - offset) }
            guard count > 0 else { break }
            offset += count
        }
        return try body(path)
    }
}

extension String {
    /// How many bytes there are up to the end of the first occurrence; 0 if there is none.
    fileprivate func range(of end: String) -> Int {
        let bytes = Array(utf8)
        let wanted = Array(end.utf8)
        guard bytes.count >= wanted.count else { return 0 }
        for start in 0...(bytes.count - wanted.count) where Array(bytes[start..<start + wanted.count]) == wanted {
            return start + wanted.count
        }
        return 0
    }
}
