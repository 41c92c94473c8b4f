import Configuration
public import ProxyCore
public import Wire

/// What a POST to `/api/capture` asks for: which sessions are captured from now on, in place of what the configuration says.
public struct CaptureOrder: Sendable, Hashable {
    public var mode: CapturePolicy.Mode
    public var session: SessionID?
    public var client: AddressBlock?
    public var user: String?
    public var route: String?
    public var cause: String?
    /// Millionths.
    public var sample: Int?
    public var span: TimeSpan?
    /// When the configuration holds again; set when the order is taken.
    public var until = Timestamp.never

    /// What can't be understood, in a sentence.
    public struct Mistake: Error, Hashable {
        public let sentence: String
    }

    public init(mode: CapturePolicy.Mode) { self.mode = mode }

    /// Whether it is about the same sessions, so that the later one replaces the earlier.
    public func isAbout(_ other: CaptureOrder) -> Bool {
        session == other.session && client == other.client && user == other.user && route == other.route && cause == other.cause
    }

    /// Reads the query: `mode`, `session`, `client`, `user`, `route`, `cause`, `sample`, `for`.
    public init(query: String) throws(Mistake) {
        let parameters: QueryParameters
        do throws(QueryParameters.Fault) { parameters = try QueryParameters(query) } catch {
            throw Mistake(sentence: error.sentence)
        }
        let named = parameters["mode"] ?? ""
        guard let mode = CapturePolicy.Mode(rawValue: named) else {
            throw CaptureOrder.refused("mode", named, "off, always or black-box: ?mode=always&client=203.0.113.7&for=10m")
        }
        self.mode = mode
        for (name, value) in parameters.pairs where name != "mode" { try take(name, value) }
        if cause != nil, mode == .always {
            throw Mistake(sentence: "a cause is known when a session is over; only mode=black-box waits for it")
        }
    }

    private static func refused(_ name: String, _ value: String, _ accepted: String) -> Mistake {
        Mistake(sentence: QueryParameters.Fault.refused(name, value, accepted).sentence)
    }

    private mutating func take(_ name: String, _ value: String) throws(Mistake) {
        switch name {
        case "session":
            guard let id = SessionID(value) else {
                throw CaptureOrder.refused(name, value, "the name of a session, thirteen characters")
            }
            session = id
        case "client":
            guard let block = AddressBlock(value) else {
                throw CaptureOrder.refused(name, value, "an address or a block such as 10.0.0.0/8")
            }
            client = block
        case "user": user = value
        case "route": route = value
        case "cause":
            guard CapturePolicy.cause(value) != nil else {
                throw CaptureOrder.refused(name, value, "the id of a cause; gatehouse explain lists them")
            }
            cause = value
        case "sample":
            guard let part = Double(value), part >= 0, part <= 1 else {
                throw CaptureOrder.refused(name, value, "a number from 0 to 1")
            }
            sample = Int(part * 1_000_000)
        case "for":
            guard let time = DurationText.span(value), time > .zero else {
                throw CaptureOrder.refused(name, value, "a time such as 10m")
            }
            span = time
        default:
            throw Mistake(
                sentence: QueryParameters.Fault.unknown(
                    name, ["mode", "session", "client", "user", "route", "cause", "sample", "for"]
                ).sentence)
        }
    }

    /// The policy that holds for a session of that route, in place of `base`; nil where the order isn't about it.
    public func policy(route name: String?, over base: CapturePolicy) -> CapturePolicy? {
        guard session == nil, route == nil || route == name else { return nil }
        var policy = base
        policy.mode = mode
        if let client { policy.clients = [client] }
        if let user { policy.users = [Array(user.utf8)] }
        if let cause { policy.causes = CapturePolicy.cause(cause).map { [$0] } ?? [] }
        if let sample { policy.sample = sample }
        return policy
    }
}

/// What `/api/capture` shows.
public struct CaptureStatus: Sendable, Hashable {
    public struct File: Sendable, Hashable {
        public var name: String
        public var size: UInt64

        public init(name: String, size: UInt64) {
            self.name = name
            self.size = size
        }
    }

    /// Nil: the configuration names none, and nothing can be captured.
    public var directory: String?
    /// What the configuration says at the top.
    public var mode: CapturePolicy.Mode
    /// The eldest first.
    public var files: [File]
    public var packets: UInt64
    public var bytes: UInt64
    public var dropped: UInt64
    /// Of the last failure to write; 0 if the last write went well.
    public var errno: Int32
    public var orders: [CaptureOrder]

    public init(
        directory: String?, mode: CapturePolicy.Mode, files: [File], packets: UInt64, bytes: UInt64, dropped: UInt64, errno: Int32,
        orders: [CaptureOrder]
    ) {
        self.directory = directory
        self.mode = mode
        self.files = files
        self.packets = packets
        self.bytes = bytes
        self.dropped = dropped
        self.errno = errno
        self.orders = orders
    }
}
