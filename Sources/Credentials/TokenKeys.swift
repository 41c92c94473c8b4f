import Synchronization

/// The keys that tokens are checked with, replaced as a whole when they are fetched anew. Shared by all workers.
public final class TokenKeys: Sendable {
    private struct Current {
        var set: KeySet?
        var generation: UInt64
    }

    private let current: Mutex<Current>
    private let wanted = Atomic<Bool>(false)
    /// Sets of all routes count together, so that no two have the same number.
    private static let generations = Atomic<UInt64>(0)

    /// - Parameter set: nil until a first fetch has brought one; until then no token can be checked.
    public init(_ set: KeySet?) { current = Mutex(Current(set: set, generation: TokenKeys.nextGeneration())) }

    public var set: KeySet? { current.withLock { $0.set } }

    /// The set with its number in this process; what was concluded from a set holds as long as its number is this one.
    var numbered: (set: KeySet, generation: UInt64)? {
        current.withLock { current in current.set.map { ($0, current.generation) } }
    }

    public func replace(by set: KeySet) { current.withLock { $0 = Current(set: set, generation: TokenKeys.nextGeneration()) } }

    private static func nextGeneration() -> UInt64 { generations.add(1, ordering: .relaxed).newValue }

    /// A token's signature held under no key of the set: it may have been exchanged where it came from.
    public func want() { wanted.store(true, ordering: .relaxed) }

    /// Whether that happened since the last question.
    public func takeWanted() -> Bool { wanted.exchange(false, ordering: .relaxed) }
}
