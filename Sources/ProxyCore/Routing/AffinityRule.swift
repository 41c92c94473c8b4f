public import HTTPWire
public import Wire

/// What binds the requests of one client, or of one session of an application, to one endpoint.
public struct AffinityRule: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// A cookie of Gatehouse's own, signed.
        case cookie(AffinityCookie.Settings)
        /// A cookie that the application sets: who was given it by an endpoint comes back to that.
        case applicationCookie([UInt8])
        /// A header, a query parameter or the address, by its hash.
        case key(RoutingKey)
        /// The `sid` of Engine.IO, learnt from the packet that opens a session.
        case engineIO
    }

    public var kind: Kind
    /// How many bindings are remembered, where they are learnt.
    public var entries: Int
    /// After how long without use a binding that was learnt is forgotten.
    public var memory: TimeSpan

    public init(_ kind: Kind, entries: Int = 100_000, memory: TimeSpan? = nil) {
        self.kind = kind
        self.entries = entries
        self.memory = memory ?? (kind == .engineIO ? .seconds(300) : .seconds(3600))
    }

    /// Whether bindings are learnt from answers and have to be remembered.
    public var learns: Bool {
        switch kind {
        case .applicationCookie, .engineIO: true
        case .cookie, .key: false
        }
    }

    /// The word for the ledger.
    public var name: String {
        switch kind {
        case .cookie: "cookie"
        case .applicationCookie: "application_cookie"
        case .key(.field): "header"
        case .key(.query): "query"
        case .key: "address"
        case .engineIO: "engine_io"
        }
    }
}

/// Values longer than these are nobody's binding.
enum AffinityLimit {
    static let value = 128
}

extension AffinityRule {
    /// The value under which a binding is learnt and looked up; nil where the request has none, or one that can't be meant.
    public func learntKey(_ head: RequestHead) -> [UInt8]? {
        switch kind {
        case .applicationCookie(let name):
            guard let range = head.cookie(name) else { return nil }
            return AffinityRule.key(head.bytes[range])
        case .engineIO:
            guard case .one(let value, _) = QueryParameter(Array("sid".utf8), of: head) else { return nil }
            return AffinityRule.key(value[...])
        case .cookie, .key: return nil
        }
    }

    /// The value that an answer binds to the endpoint that gave it, from its head alone.
    public func learntKey(_ head: ResponseHead) -> [UInt8]? {
        guard case .applicationCookie(let name) = kind, let set = FieldName("set-cookie") else { return nil }
        for line in head.values(of: set) {
            // The first pair of the line is the cookie; its attributes follow.
            var pairs = NamedPairs(cookies: line)
            guard let pair = pairs.next(in: head.bytes), head.bytes[pair.name].elementsEqual(name) else { continue }
            if let key = AffinityRule.key(head.bytes[pair.value]) { return key }
        }
        return nil
    }

    private static func key(_ value: ArraySlice<UInt8>) -> [UInt8]? {
        (1...AffinityLimit.value).contains(value.count) ? Array(value) : nil
    }
}

/// Reads the packet that opens an Engine.IO session, at the beginning of the body that answers the first poll.
///
/// `0{"sid":"…"` is the packet of protocol 4. Protocol 3 puts a length before it (`97:0{…`, or the same in binary), and JSONP a call around it, with
/// its quotes escaped.
public enum EngineIOReading {
    /// How much of a body is looked at.
    public static let limit = 256

    /// The session's name; nil as long as it isn't there.
    public static func sid(_ body: [UInt8]) -> [UInt8]? {
        let bytes = body.prefix(limit)
        guard let open = bytes.prefix(24).firstIndex(of: 0x7B), open > 0, bytes[open - 1] == 0x30 else { return nil }
        // Quotes as they are, or escaped: what matters is the name, the colon, and the first quoted text behind it.
        let text = bytes[open...].filter { $0 != 0x5C && $0 != 0x20 }
        let mark = Array("\"sid\":\"".utf8)
        guard text.count > mark.count,
            let place = (0...(text.count - mark.count)).first(where: { text[$0..<($0 + mark.count)].elementsEqual(mark) })
        else { return nil }
        let value = text[(place + mark.count)...]
        guard let end = value.firstIndex(of: 0x22) else { return nil }
        let sid = value[..<end]
        guard (1...AffinityLimit.value).contains(sid.count), sid.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return Array(sid)
    }
}
