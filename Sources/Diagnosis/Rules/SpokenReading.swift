public import HTTPWire

/// What the first messages of a session say, where a library refuses inside of the WebSocket instead of by the handshake's answer.
///
/// Socket.IO: `44{"message":"…"}` (CONNECT_ERROR) answers the client's `40{…}` (CONNECT), also in the body of a polling answer, where packets
/// stand behind each other with 0x1E between them. Action Cable: `{"type":"disconnect","reason":"…"}`.
public enum SpokenReading {
    /// A refusal in what the server said, in words; nil if it is none.
    public static func refusal(_ message: [UInt8]) -> (sign: Sign, signs: SignSet, words: String)? {
        var start = 0
        while start <= message.count {
            let end = message[start...].firstIndex(of: 0x1E) ?? message.count
            if let found = refusal(packet: start..<end, of: message) { return found }
            start = end + 1
        }
        return nil
    }

    /// Whether the client's CONNECT carries something to identify it by: `40{…}`, `40/chat,{…}`.
    public static func carriesCredentials(_ message: [UInt8]) -> Bool {
        message.starts(with: Array("40".utf8)) && message.contains(0x7B) && !message.suffix(2).elementsEqual([0x7B, 0x7D])
    }

    /// Whether the path is one of Engine.IO's, so that messages are to be read.
    public static func isPolling(_ head: RequestHead) -> Bool {
        guard let query = head.queryRange else { return false }
        return head.bytes.contains("transport=polling", in: query) && head.bytes.contains("eio=", in: query)
    }

    private static func refusal(packet: Range<Int>, of message: [UInt8]) -> (sign: Sign, signs: SignSet, words: String)? {
        let bytes = message[packet]
        if bytes.starts(with: Array("44".utf8)), bytes.count == 2 || [0x7B, 0x2F, 0x22].contains(bytes[packet.lowerBound + 2]) {
            return found(.engineIORefused, bytes)
        }
        let compact = bytes.prefix(200).filter { $0 != 0x20 }
        if compact.begins("{\"type\":\"disconnect\"", in: 0..<compact.count) {
            return found(.disconnectMessage, bytes)
        }
        return nil
    }

    private static func found(_ sign: Sign, _ bytes: ArraySlice<UInt8>) -> (sign: Sign, signs: SignSet, words: String) {
        let all = Array(bytes.prefix(200))
        let words = all.printable(0..<all.count, limit: 200)
        // The library's own words say what it wants, as a close frame's reason does.
        var reading = SignReading()
        reading.add(sign)
        SessionReading.readReason(words, into: &reading)
        return (sign, reading.set, words)
    }
}
