import Configuration
import EventLoop
import Probing
import Wire

/// A recording as a source of traffic for measurements: its sessions are played over and over without pauses, each message after the reply that
/// preceded it, and what the server answers is compared all the while.
public struct ReplayTraffic {
    /// What a run came to.
    public struct Outcome: Sendable {
        public var sessions = 0
        public var messagesSent: UInt64 = 0
        public var messagesReceived: UInt64 = 0
        /// Sessions that differed from the recording, and in what the first of them did.
        public var failures = 0
        public var firstFailure: String?
        /// Nanoseconds from a message of the client's to the server's next one.
        public var latencies: [UInt64] = []
        public var seconds = 0.0
    }

    /// Why nothing can be played, in one sentence.
    public struct Fault: Error, Sendable {
        public var sentence: String
    }

    private let options: ReplayOptions
    private let recording: [RecordedSession]
    private let address: SocketAddress

    /// Reads the recording.
    ///
    /// - Parameters:
    ///   - url: the server, an IP address; without TLS.
    ///   - connections: sessions that are open at a time.
    ///   - fields: what each request has besides, in the place of recorded fields of the same name.
    public init(_ file: String, to url: String, connections: Int, fields: [(name: String, value: String)] = []) throws(Fault) {
        let flags: FlagParser.Result
        do throws(FlagParser.UsageError) {
            flags = try FlagParser.parse(
                [file, "--to", url, "--speed", "max", "--pace", "reply", "--concurrency", "\(connections)"]
                    + fields.flatMap { ["--rewrite", "header:\($0.name)=\($0.value)"] },
                for: ReplayCommand.definition)
        } catch {
            throw Fault(sentence: error.description)
        }
        do throws(CommandFault) {
            options = try ReplayOptions(flags)
            let reader = RecordingReader(wanted: [])
            try reader.read([file])
            recording = reader.sessions
        } catch {
            throw Fault(sentence: error.sentence)
        }
        guard !recording.isEmpty else { throw Fault(sentence: "\(file) has no session that can be played") }
        guard !options.place.isSecure, let host = SocketAddress(host: options.place.host[...]) else {
            throw Fault(sentence: "the target has to be ws:// and an IP address")
        }
        address = SocketAddress(high: host.high, low: host.low, port: options.place.port)
    }

    /// Plays until the time is over and the sessions that are open then have ended.
    public func run(seconds: Double) throws(Fault) -> Outcome {
        var outcome = Outcome()
        var options = options
        options.span = TimeSpan(nanoseconds: UInt64(seconds * 1e9))
        let comparison = SessionComparison(rules: options.rules)
        do throws(LoopFailure) {
            let driver = try ReplayDriver(recording, options, to: address, capture: nil) { recorded, played, learnt, _ in
                if let first = comparison.differences(recorded, played, learnt).first {
                    outcome.failures += 1
                    outcome.firstFailure = outcome.firstFailure ?? first.sentence
                }
                if outcome.latencies.count < 1 << 20 { outcome.latencies += played.replyTimes.spans.map(\.nanoseconds) }
            }
            driver.run()
            outcome.sessions = driver.figures.sessions
            outcome.messagesSent = driver.figures.messagesSent
            outcome.messagesReceived = driver.figures.messagesReceived
            outcome.seconds = max(driver.figures.span.seconds, 0.001)
        } catch {
            throw Fault(sentence: "\(error)")
        }
        outcome.latencies.sort()
        return outcome
    }
}
