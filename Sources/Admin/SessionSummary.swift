public import Diagnosis
public import Wire

/// One live session as the admin API shows it: a value that its worker fills in and hands over.
public struct SessionSummary: Sendable, Hashable {
    public enum State: String, Sendable, Hashable, CaseIterable {
        case open
        /// It has no backend at present, and another is sought.
        case held
        /// A close frame or the end of a side was seen.
        case closing
    }

    /// What one side sent since the handshake.
    public struct Traffic: Sendable, Hashable {
        public var messages: UInt64
        public var bytes: UInt64

        public init(messages: UInt64 = 0, bytes: UInt64 = 0) {
            self.messages = messages
            self.bytes = bytes
        }
    }

    /// What a session keeps that is open without a backend (`hold`).
    public struct Held: Sendable, Hashable {
        /// When its backend went away.
        public var since: Timestamp
        /// How: the word of `session.held`.
        public var why: String?
        /// Attempts to find another, the one under way or next to come included; they count anew after a connection that lasted.
        public var attempts: Int
        /// Why the last of them came to nothing.
        public var lastFailure: String?
        /// The client's messages that wait, and their bytes with what is kept besides.
        public var queuedMessages: UInt64
        public var queuedBytes: Int

        public init(
            since: Timestamp, why: String? = nil, attempts: Int, lastFailure: String? = nil, queuedMessages: UInt64 = 0,
            queuedBytes: Int = 0
        ) {
            self.since = since
            self.why = why
            self.attempts = attempts
            self.lastFailure = lastFailure
            self.queuedMessages = queuedMessages
            self.queuedBytes = queuedBytes
        }
    }

    public var id: SessionID
    public var client: SocketAddress
    /// Whom the client's proxy names, if it is believed.
    public var forwardedFor: String?
    public var route: String
    public var cluster: String
    public var endpoint: String?
    /// The request target; its secrets are redacted where it is rendered.
    public var path: String
    public var origin: String?
    public var openedAt: Timestamp
    public var state: State
    public var clientToServer: Traffic
    public var serverToClient: Traffic
    /// When either side last sent something.
    public var lastActivity: Timestamp
    public var worker: Int
    /// What Gatehouse's pings showed, by side.
    public var downstreamHeartbeat: HeartbeatFacts?
    public var upstreamHeartbeat: HeartbeatFacts?
    /// Set while `state` is `held`.
    public var held: Held?

    public init(
        id: SessionID, client: SocketAddress, forwardedFor: String? = nil, route: String, cluster: String,
        endpoint: String?, path: String, origin: String? = nil, openedAt: Timestamp,
        state: State, clientToServer: Traffic = Traffic(), serverToClient: Traffic = Traffic(),
        lastActivity: Timestamp, worker: Int = 0
    ) {
        self.id = id
        self.client = client
        self.forwardedFor = forwardedFor
        self.route = route
        self.cluster = cluster
        self.endpoint = endpoint
        self.path = path
        self.origin = origin
        self.openedAt = openedAt
        self.state = state
        self.clientToServer = clientToServer
        self.serverToClient = serverToClient
        self.lastActivity = lastActivity
        self.worker = worker
    }
}
