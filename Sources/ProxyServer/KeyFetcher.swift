// Fetches key sets from URLs, on a thread of its own.
//
// Theory of operation. Each source has a policy (`RefetchPolicy`) that says when it is due. A fetch is one GET with one deadline for
// all of it, at most 512 KiB, no redirects; TLS as browsers check it. What comes must be a key set that can be used, else the old one
// stays: a service that is down, slow or talks rubbish costs new keys, and lets nobody in. Until the first set is there, tokens can't
// be checked, and are answered 503.
import CLinux
import Configuration
import Credentials
import EventLoop
import HTTPWire
import Probing
import ProxyCore
import Synchronization
import TLSEngine
import Telemetry
import Wire

final class KeyFetcher: Sendable {
    /// For the whole of a fetch.
    static let timeout = TimeSpan.seconds(10)
    /// How often sources are looked at.
    private static let pace: UInt64 = 100_000_000

    private struct State {
        var sources: [KeySource] = []
        var policies: [RefetchPolicy] = []
        var generation = 0
        var isRunning = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let log: LogWriter
    private let redaction: LogRedaction

    init(log: LogWriter, redaction: LogRedaction) {
        self.log = log
        self.redaction = redaction
    }

    /// Fetches for these sources from now on. A source that was there before hands its keys on, so that a reload costs nobody a refusal.
    func adopt(_ sources: [KeySource]) {
        let starts = state.withLock { state in
            state.policies = sources.map { source in
                guard
                    let index = state.sources.firstIndex(where: { $0.url == source.url && $0.algorithms == source.algorithms }),
                    let set = state.sources[index].keys.set
                else { return RefetchPolicy() }
                source.keys.replace(by: set)
                return state.policies[index]
            }
            state.sources = sources
            state.generation += 1
            defer { state.isRunning = state.isRunning || !sources.isEmpty }
            return !state.isRunning && !sources.isEmpty
        }
        if starts { _ = WorkerThread.start(name: "gh-keys") { [self] in run() } }
    }

    func stop() { state.withLock { $0.isStopped = true } }

    private func run() {
        while true {
            let now = Timestamp(nanoseconds: clinux_monotonic())
            let (due, stopped) = state.withLock { state -> ((Int, Int, KeySource)?, Bool) in
                for (index, source) in state.sources.enumerated()
                where state.policies[index].isDue(wanted: false, now: now)
                    || (state.policies[index].isDue(wanted: true, now: now) && source.keys.takeWanted())
                {
                    return ((index, state.generation, source), state.isStopped)
                }
                return (nil, state.isStopped)
            }
            if stopped { return }
            guard let (index, generation, source) = due else {
                clinux_sleep(KeyFetcher.pace)
                continue
            }
            let fetched = KeyFetcher.fetch(source)
            if case .success(let set) = fetched { source.keys.replace(by: set) }
            let succeeded = (try? fetched.get()) != nil
            tell(source, fetched)
            state.withLock { state in
                guard state.generation == generation else { return }
                state.policies[index].ended(succeeded: succeeded, now: Timestamp(nanoseconds: clinux_monotonic()))
            }
        }
    }

    private func tell(_ source: KeySource, _ fetched: Result<KeySet, KeySetError>) {
        let now = Timestamp(nanoseconds: clinux_realtime())
        let ledger = Ledger(writer: log, redaction: redaction)
        switch fetched {
        case .success(let set): ledger.keysFetched(source.url.description, count: set.keys.count, notices: set.notices, at: now)
        case .failure(let error):
            ledger.keysNotFetched(
                source.url.description, observed: error.observed, expected: error.expected, keepsOld: source.keys.set != nil,
                at: now)
        }
    }

    // MARK: One fetch

    static func fetch(_ source: KeySource) -> Result<KeySet, KeySetError> {
        do throws(KeySetError) {
            let body = try get(source.url)
            return .success(try KeySet(reading: body, algorithms: source.algorithms))
        } catch { return .failure(error) }
    }

    private static func get(_ url: KeySetURL) throws(KeySetError) -> [UInt8] {
        let deadline = Deadline.after(timeout)
        let connection = try connect(url.endpoint, until: deadline)
        if url.endpoint.isSecure {
            do throws(TLSContextError) {
                let context = try TLSContext.client(
                    TLSContext.ClientOptions(ca: nil, serverName: nil, verifies: true, certificate: nil))
                guard case .done = connection.startTLS(context, serverName: url.endpoint.host, until: deadline) else {
                    throw TLSContextError(.refused, "the TLS handshake failed, or the certificate does not hold")
                }
            } catch { throw KeySetError(observed: error.sentence, expected: "a key set over TLS") }
        }
        let request =
            "GET \(url.target) HTTP/1.1\r\nHost: \(url.endpoint.authority)\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
        connection.send(Array(request.utf8), until: deadline)
        return try read(connection, until: deadline)
    }

    private static func connect(_ endpoint: Endpoint, until deadline: Deadline) throws(KeySetError) -> HandshakeConnection {
        let (addresses, failure) = Resolver.lookUp(endpoint)
        for address in addresses {
            if case .open(let connection) = HandshakeConnection.open(address, until: deadline) { return connection }
        }
        throw KeySetError(observed: failure ?? "no connection to \(endpoint.authority)", expected: "a key set")
    }

    private static func read(_ connection: HandshakeConnection, until deadline: Deadline) throws(KeySetError) -> [UInt8] {
        var scanner = HeadScanner(limit: 32 << 10)
        var head: [UInt8] = []
        var body: [UInt8] = []
        var decoder: BodyDecoder?
        while true {
            let received = connection.receive(until: deadline)
            guard case .bytes(var bytes) = received else {
                if case .finished = received, var decoder, (try? decoder.senderFinished()) != nil { return body }
                throw KeySetError(
                    observed: "an answer that broke off or took longer than \(timeout.seconds) s", expected: "a key set")
            }
            if decoder == nil {
                switch scanner.scan(bytes.span.bytes) {
                case .needMore:
                    head += bytes
                    continue
                case .tooLarge: throw KeySetError(observed: "a head of more than 32 KiB", expected: "a key set")
                case .complete(let length):
                    let inThis = length - head.count
                    let response = ResponseHead(copy: head + bytes.prefix(inThis))
                    guard response.isForwardable, response.status == 200 else {
                        throw KeySetError(
                            observed: "the answer \(response.status)", expected: "200 with a key set; redirects are not followed")
                    }
                    decoder = BodyDecoder(framing: response.framing(forRequestMethod: .get))
                    bytes.removeFirst(inThis)
                }
            }
            var cursor = ByteCursor(bytes.span.bytes)
            do throws(BodyFault) {
                while let event = try decoder?.next(&cursor) {
                    if case .data(let range) = event { body += bytes[range] }
                    if case .end = event { return body }
                }
            } catch { throw KeySetError(observed: "an answer whose body is malformed", expected: "a key set") }
            if decoder?.isComplete == true { return body }
            guard body.count <= KeySet.limit else { throw KeySetError(observed: "more than 512 KiB", expected: "a key set") }
        }
    }
}
