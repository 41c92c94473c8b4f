// Fetches key sets from URLs, on a thread of its own.
//
// Theory of operation. Each source has a policy (`RefetchPolicy`) that says when it is due. A fetch is one GET with one deadline for
// all of it, at most 512 KiB, no redirects; TLS as the configuration says, else as browsers check it. What comes must be a key set that can be used, else the old one
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
    private let ledgers: LedgerSource

    init(ledgers: LedgerSource) { self.ledgers = ledgers }

    /// Fetches for these sources from now on. A source that was there before hands its keys on, so that a reload costs nobody a refusal.
    func adopt(_ sources: [KeySource]) {
        let starts = state.withLock { state in
            state.policies = sources.map { source in
                guard
                    let index = state.sources.firstIndex(where: {
                        $0.url == source.url && $0.tls == source.tls && $0.algorithms == source.algorithms
                    }),
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
        let ledger = ledgers.ledger
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
            let body = try get(source)
            return .success(try KeySet(reading: body, algorithms: source.algorithms, tries: KeySet.triesOfFetched))
        } catch { return .failure(error) }
    }

    private static func get(_ source: KeySource) throws(KeySetError) -> [UInt8] {
        let url = source.url
        let request =
            "GET \(url.target) HTTP/1.1\r\nHost: \(url.endpoint.authority)\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
        do throws(ServiceCall.Fault) {
            let (head, body) = try ServiceCall.ask(
                url.endpoint, Array(request.utf8), context: source.context, bodyLimit: KeySet.limit, until: .after(timeout))
            guard head.status == 200 else {
                throw ServiceCall.Fault(observed: "the answer \(head.status)")
            }
            return body
        } catch {
            throw KeySetError(
                observed: error.observed, expected: "200 with a key set of at most 512 KiB; redirects are not followed")
        }
    }
}
