package import Diagnosis
package import Wire

/// One live session as the admin API shows it: a value that its worker fills in and hands over.
package struct SessionSummary: Sendable, Hashable {
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// The opening handshake is under way.
        case opening
        case open
        /// It has no backend at present, and another is sought.
        case held
        /// A close frame or the end of a side was seen.
        case closing
    }

    /// What one side sent since the handshake.
    package struct Traffic: Sendable, Hashable {
        package var messages: UInt64
        package var bytes: UInt64

        package init(messages: UInt64 = 0, bytes: UInt64 = 0) {
            self.messages = messages
            self.bytes = bytes
        }
    }

    /// What a session keeps that is open without a backend (`hold`).
    package struct Held: Sendable, Hashable {
        /// When its backend went away.
        package var since: Timestamp
        /// How: the word of `session.held`.
        package var why: String?
        /// Attempts to find another, the one under way or next to come included; they count anew after a connection that lasted.
        package var attempts: Int
        /// Why the last of them came to nothing.
        package var lastFailure: String?
        /// The client's messages that wait, and their bytes with what is kept besides.
        package var queuedMessages: UInt64
        package var queuedBytes: Int

        package init(
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

    package var id: SessionID
    package var client: SocketAddress
    /// Whom the client's proxy names, if it is believed.
    package var forwardedFor: String?
    package var route: String
    package var cluster: String
    package var endpoint: String?
    /// The request target; its secrets are redacted where it is rendered.
    package var path: String
    package var origin: String?
    package var subprotocol: String?
    package var openedAt: Timestamp
    package var state: State
    package var clientToServer: Traffic
    package var serverToClient: Traffic
    /// When either side last sent something.
    package var lastActivity: Timestamp
    package var worker: Int
    /// What Gatehouse's pings showed, by side.
    package var downstreamHeartbeat: HeartbeatFacts?
    package var upstreamHeartbeat: HeartbeatFacts?
    /// Set while `state` is `held`.
    package var held: Held?

    package init(
        id: SessionID, client: SocketAddress, forwardedFor: String? = nil, route: String, cluster: String,
        endpoint: String?, path: String, origin: String? = nil, subprotocol: String? = nil, openedAt: Timestamp,
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
        self.subprotocol = subprotocol
        self.openedAt = openedAt
        self.state = state
        self.clientToServer = clientToServer
        self.serverToClient = serverToClient
        self.lastActivity = lastActivity
        self.worker = worker
    }
}
