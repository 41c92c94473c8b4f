import Synchronization

/// The keys that tokens are checked with, replaced as a whole when they are fetched anew. Shared by all workers.
package final class TokenKeys: Sendable {
    private let current: Mutex<KeySet?>
    private let wanted = Atomic<Bool>(false)

    /// - Parameter set: nil until a first fetch has brought one; until then no token can be checked.
    package init(_ set: KeySet?) { current = Mutex(set) }

    package var set: KeySet? { current.withLock { $0 } }

    package func replace(by set: KeySet) { current.withLock { $0 = set } }

    /// A token named a key that the set doesn't have.
    package func want() { wanted.store(true, ordering: .relaxed) }

    /// Whether that happened since the last question.
    package func takeWanted() -> Bool { wanted.exchange(false, ordering: .relaxed) }
}
