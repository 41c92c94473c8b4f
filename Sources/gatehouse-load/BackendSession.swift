import EventLoop
import HTTPWire
import WebSocketWire
import Wire

/// One connection of the echo backend: HTTP requests, and frames after an upgrade.
final class BackendSession {
    let id: ConnectionID
    private var scanner = HeadScanner(limit: 64 << 10)
    private var head: [UInt8] = []
    private var isUpgraded = false
    /// The answer to each data frame on a stream's path.
    private var burst: [UInt8] = []
    /// The beginning of a frame header that the buffer cut.
    private var spill: [UInt8] = []
    private var frame = FrameHeader(opcode: .binary, payloadLength: 0)
    private var remaining: UInt64 = 0
    private var answersFrame = true

    init(_ id: ConnectionID) { self.id = id }

    /// Takes the chunk over and answers; false when the connection is to be closed after what was sent.
    func received(_ chunk: Chunk, _ loop: EventLoop) -> Bool {
        var offset = 0
        while !isUpgraded {
            guard offset < chunk.count else {
                loop.release(chunk)
                return true
            }
            guard let taken = readHead(UnsafeRawBufferPointer(rebasing: chunk.bytes[offset...]), loop) else {
                loop.release(chunk)
                return false
            }
            offset += taken
        }
        return readFrames(chunk.narrowed(to: offset..<chunk.count), loop)
    }

    // MARK: HTTP

    /// Reads a request, or its part that has come, and answers; nil when the connection is to be closed.
    private func readHead(_ bytes: UnsafeRawBufferPointer, _ loop: EventLoop) -> Int? {
        let before = head.count
        switch scanner.scan(RawSpan(_unsafeBytes: bytes)) {
        case .tooLarge: return nil
        case .needMore:
            head.append(contentsOf: bytes)
            return bytes.count
        case .complete(let length):
            let taken = length - before
            head.append(contentsOf: bytes[..<taken])
            let request = RequestHead(copy: head)
            head.removeAll(keepingCapacity: true)
            scanner.reset()
            return answer(request, loop) ? taken : nil
        }
    }

    private func answer(_ request: RequestHead, _ loop: EventLoop) -> Bool {
        let target = String(decoding: request.bytes[request.targetRange], as: UTF8.self)
        if let key = request.value(of: .secWebSocketKey), request.isUpgrade(to: "websocket") {
            let accept = Array(request.bytes[key]).withUnsafeBytes { AcceptKey(key: RawSpan(_unsafeBytes: $0)) }
            send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: \(accept.text)\r\n\r\n", loop)
            isUpgraded = true
            if target.hasPrefix("/stream?") { makeBurst(target) }
            return true
        }
        guard request.isForwardable, case .none = request.framing else {
            send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", loop)
            return false
        }
        let size = BackendSession.parameter("s", of: target) ?? 1024
        send(
            "HTTP/1.1 200 OK\r\nServer: gatehouse-load\r\nContent-Type: application/octet-stream\r\nContent-Length: \(size)\r\n"
                + (request.keepAlive ? "\r\n" : "Connection: close\r\n\r\n"), body: size, loop)
        return request.keepAlive
    }

    private func send(_ text: String, body: Int = 0, _ loop: EventLoop) {
        var octets = Array(text.utf8)
        if body > 0 { octets.append(contentsOf: repeatElement(0x78, count: body)) }
        octets.withUnsafeBytes { loop.send(id, copying: $0) }
    }

    private func makeBurst(_ target: String) {
        let count = BackendSession.parameter("n", of: target) ?? 1
        let size = BackendSession.parameter("s", of: target) ?? 256
        let one = FrameBytes.unmasked(payload: [UInt8](repeating: 0x78, count: size))
        guard count * one.count <= 64 << 20 else { return }
        for _ in 0..<count { burst += one }
    }

    private static func parameter(_ name: String, of target: String) -> Int? {
        guard let query = target.split(separator: "?", maxSplits: 1).dropFirst().first else { return nil }
        for pair in query.split(separator: "&") where pair.hasPrefix("\(name)=") {
            return Int(pair.dropFirst(name.count + 1)).flatMap { (0...(256 << 20)).contains($0) ? $0 : nil }
        }
        return nil
    }

    // MARK: Frames

    /// Turns the frames into their answers in place: an answer's header is never longer than what came, so that writing stays
    /// behind reading. Only a header that the last buffer cut goes out on its own.
    private func readFrames(_ chunk: Chunk, _ loop: EventLoop) -> Bool {
        let bytes = chunk.mutableBytes
        var reading = 0
        var writing = 0
        var goesOn = true
        while reading < bytes.count, goesOn {
            if remaining == 0 {
                guard let length = readHeader(UnsafeRawBufferPointer(rebasing: bytes[reading...])) else {
                    reading = bytes.count
                    break
                }
                let wasCut = !spill.isEmpty
                spill.removeAll(keepingCapacity: true)
                reading += length
                remaining = frame.payloadLength
                answersFrame = frame.opcode != .pong && !(frame.opcode.isData && !burst.isEmpty)
                if frame.opcode.isData, !burst.isEmpty, remaining == 0 { sendBurst(loop) }
                if answersFrame {
                    let header = FrameBytes.header(of: frame, answer: true)
                    if wasCut {
                        // Nothing of this buffer waits to be sent yet.
                        header.withUnsafeBytes { loop.send(id, copying: $0) }
                    } else {
                        UnsafeMutableRawBufferPointer(rebasing: bytes[writing...]).copyBytes(from: header)
                        writing += header.count
                    }
                }
            }
            let count = Int(min(remaining, UInt64(bytes.count - reading)))
            if count > 0 {
                if answersFrame {
                    unmask(bytes, from: reading, to: writing, count: count)
                    writing += count
                }
                reading += count
                remaining -= UInt64(count)
                if remaining == 0, !answersFrame, frame.opcode.isData { sendBurst(loop) }
            }
            if remaining == 0, frame.opcode == .close { goesOn = false }
        }
        if writing > 0 { loop.send(id, chunk.narrowed(to: 0..<writing)) } else { loop.release(chunk) }
        return goesOn
    }

    /// Reads a header into `frame` and gives how many bytes of this buffer it took; nil when it is cut.
    private func readHeader(_ bytes: UnsafeRawBufferPointer) -> Int? {
        if spill.isEmpty {
            guard let header = FrameHeader.read(RawSpan(_unsafeBytes: bytes), at: 0) else {
                spill.append(contentsOf: bytes)
                return nil
            }
            frame = header
            return Int(header.headerLength)
        }
        let before = spill.count
        spill.append(contentsOf: bytes.prefix(14 - before))
        let header = spill.withUnsafeBytes { FrameHeader.read(RawSpan(_unsafeBytes: $0), at: 0) }
        guard let header else { return nil }
        frame = header
        return Int(header.headerLength) - before
    }

    private func unmask(_ bytes: UnsafeMutableRawBufferPointer, from: Int, to: Int, count: Int) {
        let source = UnsafeRawBufferPointer(rebasing: bytes[from..<(from + count)])
        let target = UnsafeMutableRawBufferPointer(rebasing: bytes[to..<(to + count)])
        guard let key = frame.maskingKey else {
            target.copyMemory(from: source)
            return
        }
        _ = Masking.copy(
            RawSpan(_unsafeBytes: source), 0..<count, key: key, phase: frame.payloadLength - remaining, to: target)
    }

    private func sendBurst(_ loop: EventLoop) { burst.withUnsafeBytes { loop.send(id, copying: $0) } }
}
