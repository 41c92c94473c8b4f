import CLinux
import EventLoop
import ProxyCore
import Synchronization
import Wire

/// What became of looking a name up.
struct ResolverAnswer: Sendable {
    /// What is other than at the last time.
    enum News: Sendable {
        /// Other addresses than before; those that are no more.
        case addresses(gone: [SocketAddress])
        /// It can't be resolved; whether addresses from before are still in force.
        case failed(keepsOld: Bool)
    }

    let endpoint: Endpoint
    let addresses: [SocketAddress]
    /// Why there are none.
    let failure: String?
    /// Nil where all is as it was.
    let news: News?
}

/// Resolves the names of endpoints, on a thread of its own, and tells all workers.
///
/// The system's resolver blocks and knows all the configuration that an administrator made (hosts file, search domains), so
/// it is used as it is, where nobody waits. A name that has resolved is asked for again after half a minute; an answer that
/// fails leaves the addresses in force that were there. Whose turn is longest overdue comes first: names whose servers hang can't keep
/// the others from being asked for. A name that no worker needs any more is forgotten (`NameCalendar`).
final class Resolver: Sendable {
    static let refresh: UInt64 = 30_000_000_000
    static let retry: UInt64 = 1_000_000_000
    /// The most addresses that are taken of one name.
    private static let most = 64

    /// What is known of a name.
    private struct Known: Sendable {
        /// The last good answer.
        var addresses: [SocketAddress] = []
        var isFailing = false
    }

    /// Locked before `answers`, where both are.
    private let calendar = Mutex(NameCalendar())
    /// For workers and configurations that come later, too.
    private let answers = Mutex<[Endpoint: Known]>([:])
    private let stopped = Atomic<Bool>(false)
    /// Wakes the thread before the next name is due.
    private let wake = clinux_eventfd()
    private let deliver: Mutex<(@Sendable (ResolverAnswer) -> Void)?>

    init() { deliver = Mutex(nil) }

    deinit { if wake >= 0 { _ = clinux_close(wake) } }

    /// Starts the thread; answers go to `deliver`.
    func start(deliver: @escaping @Sendable (ResolverAnswer) -> Void) {
        self.deliver.withLock { $0 = deliver }
        WorkerThread.start(name: "gh-resolve") { [self] in run() }
    }

    /// Asks for the addresses of these endpoints, now and from time to time from here on; what `worker` needed before and no other worker
    /// does is forgotten.
    func keep(_ endpoints: [Endpoint], for worker: Int) {
        let hasNew = calendar.withLock { calendar in
            let hasNew = calendar.need(endpoints, for: worker)
            let needed = calendar
            answers.withLock { $0 = $0.filter { needed.isNeeded($0.key) } }
            return hasNew
        }
        if hasNew { clinux_eventfd_signal(wake) }
    }

    /// What is known of an endpoint's addresses; empty if nothing is yet.
    func addresses(of endpoint: Endpoint) -> [SocketAddress] { answers.withLock { $0[endpoint]?.addresses ?? [] } }

    /// Looks all names up before anybody asks, for at most so many milliseconds: for a process that takes clients over, of whom none is to
    /// wait for a name that its predecessor knew.
    func prime(_ endpoints: [Endpoint], milliseconds: Int32) {
        let named = endpoints.filter { $0.address == nil }
        guard !named.isEmpty else { return }
        let done = Reply<Bool>()
        WorkerThread.start(name: "gh-prime") { [self] in
            for endpoint in named {
                let (addresses, failure) = Resolver.lookUp(endpoint)
                _ = learn(endpoint, addresses, failure)
            }
            done.give(true)
        }
        _ = done.wait(milliseconds: milliseconds)
    }

    private func learn(_ endpoint: Endpoint, _ addresses: [SocketAddress], _ failure: String?) -> ResolverAnswer {
        let news = answers.withLock { answers -> ResolverAnswer.News? in
            let known = answers[endpoint, default: Known()]
            guard !addresses.isEmpty else {
                answers[endpoint] = Known(addresses: known.addresses, isFailing: true)
                return known.isFailing ? nil : .failed(keepsOld: !known.addresses.isEmpty)
            }
            answers[endpoint] = Known(addresses: addresses)
            let gone = known.addresses.filter { !addresses.contains($0) }
            let isOther = known.isFailing || !gone.isEmpty || addresses.contains { !known.addresses.contains($0) }
            return isOther ? .addresses(gone: gone) : nil
        }
        return ResolverAnswer(endpoint: endpoint, addresses: addresses, failure: failure, news: news)
    }

    /// A name whose addresses took no connection is asked for again soon, if it is not about to be anyway.
    func hurry(_ endpoint: Endpoint) {
        let soon = Timestamp(nanoseconds: clinux_monotonic() + Resolver.retry)
        calendar.withLock { $0.hurry(endpoint, by: soon) }
        clinux_eventfd_signal(wake)
    }

    func stop() {
        stopped.store(true, ordering: .relaxed)
        clinux_eventfd_signal(wake)
    }

    private func run() {
        while !stopped.load(ordering: .relaxed) {
            let now = clinux_monotonic()
            guard let (endpoint, due) = calendar.withLock({ $0.next }), due.nanoseconds <= now else {
                sleep(from: now)
                continue
            }
            let (addresses, failure) = Resolver.lookUp(endpoint)
            let next = Timestamp(nanoseconds: clinux_monotonic() + (addresses.isEmpty ? Resolver.retry : Resolver.refresh))
            let answer = calendar.withLock { calendar -> ResolverAnswer? in
                // Perhaps nobody needs it any more.
                calendar.asked(endpoint, again: next) ? learn(endpoint, addresses, failure) : nil
            }
            guard let answer else { continue }
            let deliver = self.deliver.withLock { $0 }
            deliver?(answer)
        }
    }

    /// Until the next name is due, or somebody asks for one. Where there is no descriptor to wait on, for a moment.
    private func sleep(from now: UInt64) {
        guard wake >= 0 else { return clinux_sleep(50_000_000) }
        let due = calendar.withLock { $0.next?.due.nanoseconds }
        let milliseconds = due.map { Int32(clamping: ($0 &- min($0, now)) / 1_000_000 &+ 1) } ?? -1
        if clinux_eventfd_wait(wake, milliseconds) { clinux_eventfd_clear(wake) }
    }

    /// Asks the system, blocking.
    static func lookUp(_ endpoint: Endpoint) -> ([SocketAddress], String?) {
        if let address = endpoint.address { return ([address], nil) }
        let (addresses, failure) = SystemResolver.addresses(of: endpoint.host, port: endpoint.port, most: most)
        return (addresses, addresses.isEmpty ? "\(endpoint.host): \(failure ?? "no address")" : nil)
    }
}
