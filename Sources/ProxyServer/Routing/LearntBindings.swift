import EventLoop
import ProxyCore
import Synchronization
import Wire

/// What a cluster's answers taught: the same for all workers, since a client's next request may come to any of them.
///
/// While a successor takes over it keeps a journal of what is new, so that the other process hears of it as well.
final class LearntBindings: Sendable {
    private struct Shared {
        var table: AffinityTable
        /// Nil: nobody is told.
        var journal: [LearntBatch.Binding]?
        var waker: Waker?
    }

    let rule: AffinityRule
    private let shared: Mutex<Shared>

    init(_ rule: AffinityRule, now: Timestamp) {
        self.rule = rule
        shared = Mutex(Shared(table: AffinityTable(entries: rule.entries, memory: rule.memory, now: now)))
    }

    func learn(_ key: [UInt8], _ endpoint: UInt64, now: Timestamp) {
        let waker = shared.withLock { shared -> Waker? in
            guard shared.table.learn(key, endpoint, now: now), let count = shared.journal?.count else { return nil }
            // Nobody fetches it: then the successor does without.
            guard count < LearntBatch.mostBindings else { return nil }
            shared.journal?.append(LearntBatch.Binding(key: key, endpoint: endpoint))
            return shared.waker
        }
        waker?.wake()
    }

    func find(_ key: [UInt8], now: Timestamp) -> UInt64? { shared.withLock { $0.table.find(key, now: now) } }

    var count: Int { shared.withLock { $0.table.count } }

    // MARK: A new process

    /// What is bound, at most `limit`; the journal begins.
    func tell(_ limit: Int, _ waker: Waker) -> [LearntBatch.Binding] {
        shared.withLock { shared in
            shared.journal = []
            shared.waker = waker
            return shared.table.latest(limit)
        }
    }

    /// What the journal has, which begins anew.
    func news() -> [LearntBatch.Binding] {
        shared.withLock { shared in
            guard let news = shared.journal, !news.isEmpty else { return [] }
            shared.journal = []
            return news
        }
    }

    func endTelling() {
        shared.withLock { shared in
            shared.journal = nil
            shared.waker = nil
        }
    }

    func inherit(_ bindings: [LearntBatch.Binding], now: Timestamp) {
        shared.withLock { shared in
            for binding in bindings { shared.table.inherit(binding.key, binding.endpoint, now: now) }
        }
    }
}
