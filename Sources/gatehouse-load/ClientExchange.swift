import CLinux
import EventLoop
import Glibc
import HTTPWire
import WebSocketWire
import Wire

/// What the load client says, and whether what comes back is right.
///
/// Messages of a run differ in their first eight bytes, a number, so that an echo that is lost, doubled or late is told from a
/// right one; all the rest is compared with the pattern that was sent.
final class ClientExchange {
    /// What came back is not what had to come.
    struct Mismatch: Error {
        let sentence: String
    }

    /// The first requests of the connections, in turn: more than one where a field's values come from a file.
    private let handshakes: [[UInt8]]
    private let options: RunOptions
    private let key: [UInt8]
    private let pattern: [UInt8]
    private var message: [UInt8]
    private let numberOffset: Int?
    private let mask: UInt32 = 0x5A17_C3E9
    private let request: [UInt8]

    init(_ options: RunOptions) {
        self.options = options
        var nonce = InlineArray<16, UInt8>(repeating: 0)
        for index in 0..<16 { nonce[index] = UInt8.random(in: 0...255) }
        key = AcceptKey.key(nonce: nonce)
        pattern =
            options.mode == .echo
            ? (0..<options.size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
            : [UInt8](repeating: 0x78, count: options.size)
        let sent = options.mode == .stream ? Array("go".utf8) : pattern
        message = FrameBytes.masked(opcode: .binary, payload: sent, key: mask)
        numberOffset = options.mode == .echo && options.size >= 8 ? message.count - options.size : nil
        func common(_ turn: Int) -> String {
            "Host: \(options.authority)\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) gatehouse-load\r\n"
                + "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en\r\nCache-Control: no-cache\r\n"
                + options.fields.map { "\($0.name): \($0.values[turn % $0.values.count])\r\n" }.joined()
        }
        func request(_ turn: Int) -> [UInt8] { Array("GET \(options.path) HTTP/1.1\r\n\(common(turn))Accept: */*\r\n\r\n".utf8) }
        let upgrade =
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: \(String(decoding: key, as: UTF8.self))\r\n"
            + "Sec-WebSocket-Version: 13\r\nOrigin: http://\(options.authority)\r\n\r\n"
        self.request = request(0)
        handshakes = (0..<(options.fields.map(\.values.count).max() ?? 1)).map { turn in
            options.mode == .http ? request(turn) : Array("GET \(options.path) HTTP/1.1\r\n\(common(turn))\(upgrade)".utf8)
        }
    }

    // MARK: Sending

    /// The first request of the connection with this number.
    func handshake(_ number: Int) -> [UInt8] { handshakes[number % handshakes.count] }

    func sendMessage(_ connection: LoadConnection, _ loop: EventLoop) {
        if let numberOffset {
            let masked = connection.sendNumber ^ (UInt64(mask) << 32 | UInt64(mask))
            message.withUnsafeMutableBytes {
                $0.storeBytes(of: masked.bigEndian, toByteOffset: numberOffset, as: UInt64.self)
            }
        }
        connection.sendNumber &+= 1
        connection.sentAt[(connection.oldest + connection.inFlight) % connection.sentAt.count] = clinux_monotonic()
        connection.inFlight += 1
        message.withUnsafeBytes { loop.send(connection.id, copying: $0) }
    }

    func askForStream(_ connection: LoadConnection, _ loop: EventLoop) {
        connection.streamed = 0
        message.withUnsafeBytes { loop.send(connection.id, copying: $0) }
    }

    func sendRequest(_ connection: LoadConnection, _ loop: EventLoop) {
        connection.sentAt[0] = clinux_monotonic()
        connection.inFlight = 1
        request.withUnsafeBytes { loop.send(connection.id, copying: $0) }
    }

    // MARK: Receiving

    /// The response head that `bytes` completes and how many of them it took; nil while more is to come.
    private func readHead(_ connection: LoadConnection, _ bytes: UnsafeRawBufferPointer) throws(Mismatch) -> (ResponseHead, Int)? {
        let before = connection.head.count
        switch connection.scanner.scan(RawSpan(_unsafeBytes: bytes)) {
        case .tooLarge: throw Mismatch(sentence: "a response head of more than 64 KiB")
        case .needMore:
            connection.head.append(contentsOf: bytes)
            return nil
        case .complete(let length):
            let taken = length - before
            connection.head.append(contentsOf: bytes[..<taken])
            let head = ResponseHead(copy: connection.head)
            connection.head.removeAll(keepingCapacity: true)
            connection.scanner.reset()
            return (head, taken)
        }
    }

    /// Reads the answer to the first request: a 101 with the right key, or (`http`) the first response's beginning.
    func readHandshake(_ connection: LoadConnection, _ bytes: UnsafeRawBufferPointer) throws(Mismatch) -> Int? {
        if options.mode == .http {
            // An ordinary request; its connection is up as soon as something answers.
            connection.sentAt[0] = connection.began
            connection.inFlight = 0
            return 0
        }
        guard let (head, taken) = try readHead(connection, bytes) else { return nil }
        guard head.status == 101 else { throw Mismatch(sentence: "status \(head.status) instead of 101") }
        let isRight = head.value(of: .secWebSocketAccept).map { accept in
            head.bytes[accept].withUnsafeBytes { accept in
                key.withUnsafeBytes { AcceptKey.verify(RawSpan(_unsafeBytes: accept), key: RawSpan(_unsafeBytes: $0)) }
            }
        }
        guard isRight == true else { throw Mismatch(sentence: "a 101 without the right Sec-WebSocket-Accept") }
        return taken
    }

    func readResponses(_ connection: LoadConnection, _ bytes: UnsafeRawBufferPointer, _ client: LoadClient) throws(Mismatch) {
        var rest = bytes
        while !rest.isEmpty {
            if connection.bodyRemaining == 0 {
                guard let (head, taken) = try readHead(connection, rest) else { return }
                guard head.status == 200, case .contentLength(let length) = head.framing(forRequestMethod: .get),
                    length == UInt64(options.size)
                else { throw Mismatch(sentence: "status \(head.status), or another length than \(options.size)") }
                connection.bodyRemaining = options.size
                rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            }
            let count = min(connection.bodyRemaining, rest.count)
            try compare(rest[..<count], at: options.size - connection.bodyRemaining)
            connection.bodyRemaining -= count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if connection.bodyRemaining == 0 {
                // The first response belongs to the opening.
                let isFirst = connection.inFlight == 0
                if !isFirst { client.count(bytes: options.size, since: connection.sentAt[0]) }
                connection.inFlight = 0
                if client.isRunning { sendRequest(connection, client.loop) }
            }
        }
    }

    func readFrames(_ connection: LoadConnection, _ bytes: UnsafeRawBufferPointer, _ client: LoadClient) throws(Mismatch) {
        var cursor = ByteCursor(RawSpan(_unsafeBytes: bytes))
        while true {
            let event: FrameEvent?
            do {
                event = try connection.parser.next(&cursor)
            } catch {
                throw Mismatch(sentence: "a broken frame: \(error.name)")
            }
            switch event {
            case .header(let header)?:
                if header.opcode == .ping {
                    connection.ping = []
                    continue
                }
                if header.opcode == .close, options.mode == .drain {
                    connection.close = []
                    continue
                }
                guard header.opcode == .binary, header.isFinal, header.payloadLength == UInt64(options.size) else {
                    throw Mismatch(sentence: "a \(header.opcode.name) frame of \(header.payloadLength) bytes")
                }
            case .payload(let range, _)? where connection.ping != nil: connection.ping?.append(contentsOf: bytes[range])
            case .payload(let range, _)? where connection.close != nil: connection.close?.append(contentsOf: bytes[range])
            case .payload(let range, let offset)?: try check(connection, bytes[range], at: Int(offset))
            case .end?: frameEnded(connection, client)
            case nil: return
            }
        }
    }

    private func frameEnded(_ connection: LoadConnection, _ client: LoadClient) {
        if let ping = connection.ping {
            connection.ping = nil
            FrameBytes.masked(opcode: .pong, payload: ping, key: 0x37FA_213D).withUnsafeBytes {
                client.loop.send(connection.id, copying: $0)
            }
            if options.mode == .idle { client.count(bytes: ping.count, since: 0) }
            return
        }
        if let close = connection.close {
            FrameBytes.masked(opcode: .close, payload: Array(close.prefix(2)), key: 0x37FA_213D).withUnsafeBytes {
                client.loop.send(connection.id, copying: $0)
            }
            return client.closed(close)
        }
        if options.mode == .stream {
            client.count(bytes: options.size, since: 0)
            connection.streamed += 1
            if connection.streamed == options.window { askForStream(connection, client.loop) }
        } else {
            client.count(bytes: options.size, since: connection.sentAt[connection.oldest])
            connection.oldest = (connection.oldest + 1) % connection.sentAt.count
            connection.inFlight -= 1
            connection.receiveNumber &+= 1
            sendMessage(connection, client.loop)
        }
    }

    private func check(
        _ connection: LoadConnection, _ bytes: Slice<UnsafeRawBufferPointer>, at offset: Int
    ) throws(Mismatch) {
        var bytes = bytes
        var offset = offset
        if numberOffset != nil {
            while offset < 8, let byte = bytes.popFirst() {
                let expected = UInt8(truncatingIfNeeded: connection.receiveNumber >> UInt64(56 - 8 * offset))
                guard byte == expected else {
                    throw Mismatch(sentence: "an echo that is not that of message \(connection.receiveNumber)")
                }
                offset += 1
            }
        }
        try compare(bytes, at: offset)
    }

    private func compare(_ bytes: Slice<UnsafeRawBufferPointer>, at offset: Int) throws(Mismatch) {
        guard !bytes.isEmpty, let start = UnsafeRawBufferPointer(rebasing: bytes).baseAddress else { return }
        let isSame = pattern.withUnsafeBytes { pattern in
            guard let base = pattern.baseAddress, offset + bytes.count <= pattern.count else { return false }
            return memcmp(start, base + offset, bytes.count) == 0
        }
        guard isSame else { throw Mismatch(sentence: "bytes that were not sent, \(offset) bytes into a payload") }
    }
}
