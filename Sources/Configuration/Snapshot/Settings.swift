package import ProxyCore
package import Wire

// The parts of a snapshot that are settings of one subsystem each. Values without behaviour, so they stand together.

/// What is done about WebSocket beyond relaying it.
package struct WebSocketSettings: Sendable, Hashable {
    /// Whether protocol faults end a session (1002, 1007, 1009) or are only findings.
    package var enforce = false
    package var invalid101 = Invalid101.refuse
    /// The largest message in bytes that enforcement lets pass (1009); zero for no limit.
    package var messageLimit: UInt64 = 0

    package init() {}
}

/// What happens to a 101 that isn't a valid answer to the upgrade.
package enum Invalid101: String, Sendable, Hashable, CaseIterable {
    /// The client gets 502, and what was wrong is said.
    case refuse
    /// It is passed on and the session opened; the fault is a finding.
    case relay
}

/// What the diagnosis does on its own account.
package struct DiagnosisSettings: Sendable, Hashable {
    package var probes = ProbePolicy.off
    /// The most handshakes of one investigation, controls included.
    package var probeLimit = 25
    /// Investigations for each cause and route in a minute.
    package var probesPerMinute = 1
    /// Origins (`https://app.example.com`) whose browsers are told the cause in the close reason of a session that is opened for it.
    package var explainInClose: [String] = []

    package init() {}
}

/// When Gatehouse sends handshakes of its own to find a cause.
package enum ProbePolicy: String, Sendable, Hashable, CaseIterable {
    case off
    case onRefusal = "on-refusal"
}

/// Where the ledger and the log go, and how much of a session they show.
package struct LogSettings: Sendable, Hashable {
    package var format = LogFormat.auto
    package var output = LogOutput.standardOutput
    /// One line per message.
    package var frames = false
    /// First bytes of each message's payload on its line; zero for none.
    package var frameBytes = 0
    /// Names of fields, in lower case, whose values are redacted besides those that always are.
    package var redactedFields: [String] = []
    /// Names of query parameters whose values are redacted besides those that always are.
    package var redactedParameters: [String] = []

    package init() {}
}

/// How a log line is written.
package enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// Pretty on a terminal, else JSON.
    case auto
    case pretty
    case json
}

/// Where log lines go.
package enum LogOutput: Sendable, Hashable {
    case standardOutput
    case standardError
    case file(String)
}

/// Where the admin endpoints are served.
package struct AdminSettings: Sendable, Hashable {
    /// Nil: no admin listener.
    package var listener: SocketAddress? = SocketAddress(v4: 0x7F00_0001, port: 9900)
    /// The path prefix under which the public port serves them too; only together with a token.
    package var publicPath: String?
    /// What a request must carry as `Authorization: Bearer`.
    package var token: Secret?

    package init() {}
}

/// How a process that is told to stop goes away.
package struct DrainSettings: Sendable, Hashable {
    /// Over how long the closes of open sessions are spread.
    package var window: TimeSpan = .seconds(20)
    /// When everything that is left is ended.
    package var timeout: TimeSpan = .seconds(25)
    /// What the close frames say.
    package var notice = DrainNotice()

    package init() {}
}

/// How a process gives its listeners to the next.
package struct RestartSettings: Sendable, Hashable {
    /// The path of the control socket; nil: none.
    package var socket: String?
    /// How long a successor may take until it accepts.
    package var timeout: TimeSpan = .seconds(60)
    package var stay = RestartStay.auto

    package init() {}

    /// What the kernel allows for the path of a socket, in octets.
    package static let longestPath = 107
}

/// Whether a process that has handed over and drained stays as the one that the platform watches.
package enum RestartStay: String, Sendable, Hashable, CaseIterable {
    /// Where it is process 1, with which a container ends.
    case auto
    case always
    case never
}

/// The kernel interface that the event loops use.
package enum IOBackend: String, Sendable, Hashable, CaseIterable {
    /// io_uring where the kernel allows it, else epoll.
    case auto
    case uring
    case epoll
}
