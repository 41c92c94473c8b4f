import Wire

// The words of a hot restart: one packet each, text, the version in the first line.
//
//     successor                                  predecessor
//     gatehouse-restart 1 take           ──►
//                                        ◄──     gatehouse-restart 1 offer      (with descriptors)
//                                                generation 0
//                                                plain 0.0.0.0:8080 2
//                                                admin 127.0.0.1:9900 1
//                                                control - 1
//                                        ◄──     gatehouse-restart 1 more       (with further descriptors)
//     gatehouse-restart 1 learn          ──►                                     (where the offer has `learnt 1`)
//                                        ◄──     gatehouse-restart 1 learnt     (as often as needed; LearntBatch)
//                                        ◄──     gatehouse-restart 1 told
//     gatehouse-restart 1 ready          ──►
//                                        ◄──     gatehouse-restart 1 yours
//                                        ◄──     gatehouse-restart 1 learnt     (what is learnt from `told` on, to the end)
//
// Either may say `refused` with a sentence instead. An operator's command says `restart` and hears `done PID` or `refused`.

/// One message between the two processes of a hot restart.
public enum RestartMessage: Sendable, Hashable {
    /// The version of the words; another one is refused.
    public static let version = "1"
    /// Octets of the longest message.
    public static let sizeLimit = 16 << 10
    /// Octets of a sentence in `refused`.
    public static let reasonLimit = 512

    case take
    case offer(RestartOffer)
    /// More descriptors of the offer.
    case more
    /// Tell what was learnt.
    case learn
    case learnt(LearntBatch)
    /// That was all that is known by now.
    case told
    /// The successor accepts connections.
    case ready
    /// The predecessor doesn't any more.
    case yours
    case refused(String)
    /// Start your own successor.
    case restart
    case done(pid: Int32)
}

/// Why octets are no message.
public enum RestartMessageFault: Error, Sendable, Hashable, CustomStringConvertible {
    case tooLong(Int)
    case notText
    case otherProtocol
    case otherVersion(String)
    case unknownVerb(String)
    case malformed(String)

    public var description: String {
        switch self {
        case .tooLong(let count): "a message of \(count) bytes; expected at most \(RestartMessage.sizeLimit)"
        case .notText: "bytes that are no text; expected \"gatehouse-restart \(RestartMessage.version)\" and a word"
        case .otherProtocol: "another protocol; expected \"gatehouse-restart \(RestartMessage.version)\" and a word"
        case .otherVersion(let version):
            "version \"\(version)\" of the restart protocol; expected \(RestartMessage.version): stop the old process and start the new one"
        case .unknownVerb(let verb): "\"\(verb)\", which is no word of the restart protocol"
        case .malformed(let line): "\"\(line)\", which this message can't have"
        }
    }
}

extension RestartMessage {
    /// The octets on the wire.
    public var bytes: [UInt8] {
        let word: String
        var lines: [String] = []
        switch self {
        case .take: word = "take"
        case .offer(let offer):
            word = "offer"
            lines.append("generation \(offer.generation)")
            if let version = offer.learntVersion { lines.append("learnt \(version)") }
            for listener in offer.listeners {
                lines.append("\(listener.kind.rawValue) \(listener.address?.description ?? "-") \(listener.count)")
            }
        case .more: word = "more"
        case .learn: word = "learn"
        case .learnt(let batch):
            word = "learnt"
            lines = batch.lines
        case .told: word = "told"
        case .ready: word = "ready"
        case .yours: word = "yours"
        case .refused(let reason):
            word = "refused"
            lines.append(RestartMessage.plain(reason))
        case .restart: word = "restart"
        case .done(let pid):
            word = "done"
            lines.append("\(pid)")
        }
        return Array((["gatehouse-restart \(RestartMessage.version) \(word)"] + lines).map { $0 + "\n" }.joined().utf8)
    }

    /// One line of at most `reasonLimit` octets.
    private static func plain(_ reason: String) -> String {
        let visible = reason.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }
        return String(decoding: visible.prefix(reasonLimit), as: UTF8.self)
    }

    /// The message that `bytes` spell: strictly, since they come from another process.
    public init(parsing bytes: [UInt8]) throws(RestartMessageFault) {
        guard bytes.count <= RestartMessage.sizeLimit else { throw .tooLong(bytes.count) }
        guard bytes.last == 0x0A, bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A }) else { throw .notText }
        let lines = bytes.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false)
        guard words.first == "gatehouse-restart", words.count == 3 else { throw .otherProtocol }
        guard words[1] == RestartMessage.version else { throw .otherVersion(String(words[1].prefix(20))) }
        let rest = Array(lines.dropFirst())
        switch words[2] {
        case "take": self = .take
        case "more": self = .more
        case "learn": self = .learn
        case "told": self = .told
        case "ready": self = .ready
        case "yours": self = .yours
        case "restart": self = .restart
        case "refused":
            guard rest.count == 1 else { throw .malformed(RestartMessage.shown(rest.last)) }
            self = .refused(String(decoding: rest[0].utf8.prefix(RestartMessage.reasonLimit), as: UTF8.self))
            return
        case "done":
            guard rest.count == 1, let pid = RestartMessage.number(rest[0], limit: Int(Int32.max)) else {
                throw .malformed(RestartMessage.shown(rest.first))
            }
            self = .done(pid: Int32(clamping: pid))
            return
        case "learnt":
            self = .learnt(try LearntBatch.parse(rest).get())
            return
        case "offer":
            self = .offer(try RestartMessage.offer(rest))
            return
        default: throw .unknownVerb(String(words[2].prefix(20)))
        }
        guard rest.isEmpty else { throw .malformed(RestartMessage.shown(rest.first)) }
    }

    private static func offer(_ lines: [String]) throws(RestartMessageFault) -> RestartOffer {
        guard let first = lines.first else { throw .malformed("") }
        let words = first.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[0] == "generation", let generation = number(words[1], limit: 1_000_000_000) else {
            throw .malformed(shown(first))
        }
        var offer = RestartOffer(generation: generation, listeners: [])
        var rest = lines.dropFirst()
        if let line = rest.first, line.hasPrefix("learnt ") {
            guard let version = number(line.dropFirst(7), limit: 1_000_000) else { throw .malformed(shown(line)) }
            offer.learntVersion = version
            rest = rest.dropFirst()
        }
        for line in rest {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 3, let kind = OfferedListener.Kind(rawValue: String(words[0])),
                let count = number(words[2], limit: RestartOffer.descriptorLimit), count > 0
            else { throw .malformed(shown(line)) }
            let address = address(words[1])
            guard kind.isBound ? address != nil : words[1] == "-" else { throw .malformed(shown(line)) }
            offer.listeners.append(OfferedListener(kind, address, count: count))
            guard offer.descriptorCount <= RestartOffer.descriptorLimit else { throw .malformed(shown(line)) }
        }
        return offer
    }

    /// `host:port` as `SocketAddress.description` writes it.
    private static func address(_ text: Substring) -> SocketAddress? {
        guard let colon = text.lastIndex(of: ":"), let port = number(text[text.index(after: colon)...], limit: 65535) else {
            return nil
        }
        return SocketAddress(host: text[..<colon], port: UInt16(clamping: port))
    }

    private static func number(_ text: some StringProtocol, limit: Int) -> Int? {
        guard (1...10).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text),
            value <= limit
        else { return nil }
        return value
    }

    private static func shown(_ line: String?) -> String { String((line ?? "").prefix(80)) }
}
