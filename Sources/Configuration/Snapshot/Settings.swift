public import ProxyCore
public import Wire

// The parts of a snapshot that are settings of one subsystem each. Values without behaviour, so they stand together.

/// What is done about WebSocket beyond relaying it.
public struct WebSocketSettings: Sendable, Hashable {
    /// Whether protocol faults end a session (1002, 1007, 1009) or are only findings.
    public var enforce = false
    public var invalid101 = Invalid101.refuse
    /// The largest message in bytes that enforcement lets pass (1009); zero for no limit.
    public var messageLimit: UInt64 = 0

    public init() {}
}

/// What happens to a 101 that isn't a valid answer to the upgrade.
public enum Invalid101: String, Sendable, Hashable, CaseIterable {
    /// The client gets 502, and what was wrong is said.
    case refuse
    /// It is passed on and the session opened; the fault is a finding.
    case relay
}

/// What the diagnosis does on its own account.
public struct DiagnosisSettings: Sendable, Hashable {
    public var probes = ProbePolicy.off
    /// The most handshakes of one investigation, controls included.
    public var probeLimit = 25
    /// Investigations for each cause and route in a minute.
    public var probesPerMinute = 1
    /// Origins (`https://app.example.com`) whose browsers are told the cause in the close reason of a session that is opened for it.
    public var explainInClose: [String] = []

    public init() {}
}

/// When Gatehouse sends handshakes of its own to find a cause.
public enum ProbePolicy: String, Sendable, Hashable, CaseIterable {
    case off
    case onRefusal = "on-refusal"
}

/// Where the ledger and the log go, and how much of a session they show.
public struct LogSettings: Sendable, Hashable {
    public var format = LogFormat.auto
    public var output = LogOutput.standardOutput
    /// One line per message.
    public var frames = false
    /// First bytes of each message's payload on its line; zero for none.
    public var frameBytes = 0
    /// Names of fields, in lower case, whose values are redacted besides those that always are.
    public var redactedFields: [String] = []
    /// Names of query parameters whose values are redacted besides those that always are.
    public var redactedParameters: [String] = []

    public init() {}
}

/// How a log line is written.
public enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// Pretty on a terminal, else JSON.
    case auto
    case pretty
    case json
}

/// Where log lines go.
public enum LogOutput: Sendable, Hashable {
    case standardOutput
    case standardError
    case file(String)
}

/// Where the admin endpoints are served.
public struct AdminSettings: Sendable, Hashable {
    /// Nil: no admin listener.
    public var listener: SocketAddress? = SocketAddress(v4: 0x7F00_0001, port: 9900)
    /// The path prefix under which the public port serves them too; only together with a token.
    public var publicPath: String?
    /// What a request must carry as `Authorization: Bearer`.
    public var token: Secret?

    public init() {}
}

/// How a process that is told to stop goes away.
public struct DrainSettings: Sendable, Hashable {
    /// Over how long the closes of open sessions are spread.
    public var window: TimeSpan = .seconds(20)
    /// When everything that is left is ended.
    public var timeout: TimeSpan = .seconds(25)
    /// What the close frames say.
    public var notice = DrainNotice()

    public init() {}
}

/// How a process gives its listeners to the next.
public struct RestartSettings: Sendable, Hashable {
    /// The path of the control socket; nil: none.
    public var socket: String?
    /// How long a successor may take until it accepts.
    public var timeout: TimeSpan = .seconds(60)
    public var stay = RestartStay.auto

    public init() {}

    /// What the kernel allows for the path of a socket, in octets.
    public static let longestPath = 107
}

/// Whether a process that has handed over and drained stays as the one that the platform watches.
public enum RestartStay: String, Sendable, Hashable, CaseIterable {
    /// Where it is process 1, with which a container ends.
    case auto
    case always
    case never
}

/// The kernel interface that the event loops use.
public enum IOBackend: String, Sendable, Hashable, CaseIterable {
    /// io_uring where the kernel allows it, else epoll.
    case auto
    case uring
    case epoll
}
