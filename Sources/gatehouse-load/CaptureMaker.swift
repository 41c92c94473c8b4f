import CaptureFile
import Glibc
import HTTPWire
import WebSocketWire
import Wire

/// Writes a large capture to measure `analyze` with: conversations of WebSocket, HTTP and neither, interleaved, reproducible.
///
/// `--websocket 1` is the shape of a capture of a busy port (1 % of the bytes are frames, the others HTTP answers and bytes of a protocol
/// that isn't HTTP, half and half); `--websocket 100` has nothing but frames.
struct CaptureMaker: ~Copyable {
    private enum Kind { case webSocket, http, other }

    private struct Talk {
        var conversation: TapConversation
        var kind: Kind
        var isOpen = false
    }

    private let options: CaptureOptions
    private var encoder = CaptureEncoder(capacity: 4 << 20)
    private var clock = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    init(_ options: CaptureOptions) { self.options = options }

    /// Writes the file; the number of messages in it.
    mutating func run() throws(Usage.Mistake) -> UInt64 {
        let descriptor = open(options.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Usage.Mistake("\(options.path) can't be written (errno \(errno))") }
        defer { close(descriptor) }
        encoder.begin(application: "gatehouse-load")
        var talks = (0..<options.connections).map { talk($0) }
        let frame = FrameBytes.masked(opcode: .text, payload: CaptureMaker.filler(options.messageSize), key: 0x0102_0304)
        let answer = FrameBytes.unmasked(payload: CaptureMaker.filler(options.messageSize))
        let body = CaptureMaker.filler(16 << 10)
        var written: UInt64 = 0
        var messages: UInt64 = 0
        var frames: UInt64 = 0
        var next = (webSocket: 0, http: 0, other: 0)
        let indices = (
            webSocket: talks.indices.filter { talks[$0].kind == .webSocket },
            http: talks.indices.filter { talks[$0].kind == .http },
            other: talks.indices.filter { talks[$0].kind == .other }
        )
        while written + UInt64(encoder.buffer.count) < options.bytes {
            let isWebSocket = frames * 100 <= (written + UInt64(encoder.buffer.count)) * UInt64(options.webSocketPercent)
            clock = clock + TimeSpan(nanoseconds: 20_000)
            if isWebSocket || indices.http.isEmpty {
                let index = indices.webSocket[next.webSocket % indices.webSocket.count]
                next.webSocket += 1
                let before = encoder.buffer.count
                upgrade(&talks[index])
                send(&talks[index], .initiator, frame)
                send(&talks[index], .responder, answer)
                messages += 2
                frames += UInt64(encoder.buffer.count - before)
            } else if next.http <= next.other {
                let index = indices.http[next.http % indices.http.count]
                next.http += 1
                send(&talks[index], .initiator, Array("GET /asset HTTP/1.1\r\nHost: app.example.com\r\n\r\n".utf8))
                send(&talks[index], .responder, Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
            } else {
                let index = indices.other[next.other % indices.other.count]
                next.other += 1
                send(&talks[index], .responder, Array("SSH-2.0-x\r\n".utf8) + body)
            }
            if encoder.buffer.count > 1 << 20 { written += try flush(descriptor) }
        }
        for index in talks.indices where talks[index].conversation.isOpen {
            talks[index].conversation.finish(from: .initiator, at: clock, into: &encoder)
            talks[index].conversation.finish(from: .responder, at: clock, into: &encoder)
        }
        _ = try flush(descriptor)
        return messages
    }

    private func talk(_ index: Int) -> Talk {
        let client = SocketAddress(v4: 0x0A00_0000 + UInt32(index / 60_000), port: UInt16(1024 + index % 60_000))
        let server = SocketAddress(v4: 0xC0A8_0001, port: 8000)
        let kind: Kind = options.webSocketPercent == 100 || index % 10 == 0 ? .webSocket : index % 2 == 0 ? .http : .other
        return Talk(
            conversation: TapConversation(
                side: .downstream, initiator: client, responder: server, number: UInt32(index) &* 0x9E37_79B9),
            kind: kind)
    }

    private mutating func upgrade(_ talk: inout Talk) {
        guard !talk.isOpen else { return }
        talk.isOpen = true
        let request =
            "GET /ws HTTP/1.1\r\nHost: app.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        let response =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        send(&talk, .initiator, Array(request.utf8))
        send(&talk, .responder, Array(response.utf8))
    }

    /// Sends bytes as an Ethernet path cuts them.
    private mutating func send(_ talk: inout Talk, _ end: TapConversation.End, _ bytes: [UInt8]) {
        let span = bytes.span.bytes
        var offset = 0
        while offset < bytes.count {
            let count = min(bytes.count - offset, 1448)
            talk.conversation.data(from: end, span.extracting(offset..<offset + count), at: clock, into: &encoder)
            offset += count
        }
    }

    private mutating func flush(_ descriptor: Int32) throws(Usage.Mistake) -> UInt64 {
        let count = encoder.buffer.count
        let isWritten = encoder.buffer.withBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let sent = write(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
                guard sent > 0 else { return false }
                offset += sent
            }
            return true
        }
        guard isWritten else { throw Usage.Mistake("\(options.path) can't be written (errno \(errno))") }
        encoder.buffer.clear()
        return UInt64(count)
    }

    /// Bytes that look like text.
    private static func filler(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(0x61 + $0 % 26) } }
}

/// `gatehouse-load capture …`
struct CaptureOptions {
    var path = ""
    var bytes: UInt64 = 1 << 30
    var webSocketPercent = 1
    var connections = 10_000
    var messageSize = 256

    init(_ arguments: ArraySlice<String>) throws(Usage.Mistake) {
        var flags = Flags(arguments)
        while let flag = flags.next() {
            switch flag {
            case "--write": path = try flags.value(of: flag)
            case "--megabytes": bytes = UInt64(try flags.number(of: flag, in: 1...1_000_000)) * 1_000_000
            case "--websocket": webSocketPercent = try flags.number(of: flag, in: 1...100)
            case "--connections": connections = try flags.number(of: flag, in: 10...1_000_000)
            case "--size": messageSize = try flags.number(of: flag, in: 1...1_000_000)
            default:
                throw Usage.Mistake(
                    "capture doesn't know \(flag): expected --write, --megabytes, --websocket, --connections or --size")
            }
        }
        guard !path.isEmpty else { throw Usage.Mistake("capture needs --write FILE") }
    }
}
