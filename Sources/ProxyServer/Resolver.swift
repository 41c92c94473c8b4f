import CLinux
import EventLoop
import ProxyCore
import Synchronization
import Wire

/// Resolves the names of endpoints, on a thread of its own, and tells all workers.
///
/// The system's resolver blocks and knows all the configuration that an administrator made (hosts file, search domains), so
/// it is used as it is, where nobody waits. A name that has resolved is asked for again after half a minute; an answer that
/// fails leaves the addresses in force that were there.
final class Resolver: Sendable {
    static let refresh: UInt64 = 30_000_000_000
    static let retry: UInt64 = 1_000_000_000

    private struct Question: Sendable {
        var endpoint: Endpoint
        var due: UInt64
    }

    private let questions = Mutex<[Question]>([])
    private let waiting = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let deliver: Mutex<(@Sendable (Endpoint, [SocketAddress], String?) -> Void)?>

    init() { deliver = Mutex(nil) }

    /// Starts the thread; answers go to `deliver`.
    func start(deliver: @escaping @Sendable (Endpoint, [SocketAddress], String?) -> Void) {
        self.deliver.withLock { $0 = deliver }
        WorkerThread.start(name: "gh-resolve") { [self] in run() }
    }

    /// Asks for an endpoint's addresses, now and from time to time from here on.
    func resolve(_ endpoint: Endpoint) {
        questions.withLock { questions in
            if questions.contains(where: { $0.endpoint == endpoint }) { return }
            questions.append(Question(endpoint: endpoint, due: 0))
        }
    }

    /// A name whose addresses took no connection is asked for again soon, if it is not about to be anyway.
    func hurry(_ endpoint: Endpoint) {
        let soon = clinux_monotonic() + Resolver.retry
        questions.withLock { questions in
            for index in questions.indices where questions[index].endpoint == endpoint {
                questions[index].due = min(questions[index].due, soon)
            }
        }
    }

    func stop() { stopped.store(true, ordering: .relaxed) }

    private func run() {
        while !stopped.load(ordering: .relaxed) {
            let now = clinux_monotonic()
            let due = questions.withLock { questions in questions.firstIndex { $0.due <= now }.map { questions[$0].endpoint } }
            guard let endpoint = due else {
                clinux_sleep(50_000_000)
                continue
            }
            let (addresses, failure) = Resolver.lookUp(endpoint)
            let next = clinux_monotonic() + (addresses.isEmpty ? Resolver.retry : Resolver.refresh)
            questions.withLock { questions in
                for index in questions.indices where questions[index].endpoint == endpoint { questions[index].due = next }
            }
            let deliver = self.deliver.withLock { $0 }
            deliver?(endpoint, addresses, failure)
        }
    }

    /// Asks the system, blocking.
    static func lookUp(_ endpoint: Endpoint) -> ([SocketAddress], String?) {
        if let address = endpoint.address { return ([address], nil) }
        var raw = Array(repeating: clinux_address(), count: 16)
        let count = raw.withUnsafeMutableBufferPointer { clinux_resolve(endpoint.host, endpoint.port, $0.baseAddress, 16) }
        guard count > 0 else {
            let why = clinux_resolve_error(count).map { String(cString: $0) } ?? "no address"
            return ([], "\(endpoint.host): \(why)")
        }
        return (
            raw.prefix(Int(count)).map { address in
                var address = address
                var high: UInt64 = 0
                var low: UInt64 = 0
                var port: UInt16 = 0
                clinux_address_read(&address, &high, &low, &port)
                return SocketAddress(high: high, low: low, port: port)
            }, nil
        )
    }
}
