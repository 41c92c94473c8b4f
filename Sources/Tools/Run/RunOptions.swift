public import Configuration
import ProxyCore
public import Wire

/// What the command line of `gatehouse run` says besides the configuration.
public struct RunOptions: Sendable, Hashable {
    /// When a backend that has ended is started again.
    public enum Restart: String, Sendable, Hashable, CaseIterable {
        case never
        /// When it ended with another exit code than 0, or by a signal.
        case onFailure = "on-failure"
    }

    /// The command and its arguments, as given.
    public var command: [String]
    /// Nil: a free one.
    public var port: UInt16?
    public var restart = Restart.never
    /// How long the backend may take until it listens.
    public var startTimeout = TimeSpan.seconds(60)

    public static let flags: [FlagDefinition] =
        [
            FlagDefinition("backend-port", value: "N", "The backend's private port. Default: a free one."),
            FlagDefinition(
                "restart", value: "WHEN", words: Restart.allCases.map(\.rawValue),
                "Whether to start the backend again when it ends, after 0.5 s at first, later up to 30 s. Default: never."),
            FlagDefinition(
                "start-timeout", value: "TIME", "How long the backend may take until it listens. Default: 60s."),
        ] + FlagDefinition.configuration.filter { $0.name != "upstream" && $0.name != "takeover" }

    /// A flag's value that can't be used, as one sentence.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String
    }

    public init(_ flags: FlagParser.Result) throws(Problem) {
        command = flags.rest ?? []
        if let text = flags["backend-port"] {
            guard let port = UInt16(text), port > 0 else {
                throw Problem(description: "--backend-port is \"\(text)\", and takes a number from 1 to 65535")
            }
            self.port = port
        }
        if let word = flags["restart"], let restart = Restart(rawValue: word) { self.restart = restart }
        if let text = flags["start-timeout"] {
            guard let span = DurationText.span(text), span.nanoseconds > 0 else {
                throw Problem(description: "--start-timeout is \"\(text)\", and takes a time with its unit: 30s, 2m")
            }
            startTimeout = span
        }
    }

    /// How long to wait before the n-th start in a row that is a consequence of a failure (1 for the first).
    public static func backOff(_ failures: Int) -> TimeSpan {
        .milliseconds(min(30_000, 500 << UInt64(min(max(failures, 1), 8) - 1)))
    }
}
