public import Wire

/// Who waits for which answer of a service, and the answers that may be given again.
///
/// One question is asked once, however many wait for its answer. Bounded in everything: questions under way, those who wait, answers
/// that are kept. Where answers are many, the oldest is forgotten for the new one: then somebody is asked about twice.
public struct AnswerTable<Key: Hashable & Sendable, Waiter: Sendable>: Sendable {
    /// What becomes of who asks.
    public enum Asking: Sendable, Hashable {
        case answered(CredentialOutcome)
        /// The question is under way; the answer comes.
        case waits
        /// Nobody has asked this yet: the caller is to ask the service.
        case first
        /// Too many questions are under way, or too many wait.
        case tooMany
    }

    private struct Answer: Sendable {
        var outcome: CredentialOutcome
        var until: Timestamp
    }

    private let capacity: Int
    private let questionLimit: Int
    private let waiterLimit: Int
    private var answers: [Key: Answer] = [:]
    /// The kept keys in the order of their coming; a ring once it is full.
    private var order: [Key] = []
    private var oldest = 0
    private var waiting: [Key: [Waiter]] = [:]
    private var waiters = 0

    /// - Parameters:
    ///   - capacity: answers that are kept
    ///   - questions: that may be under way
    ///   - waiters: for all answers together
    public init(capacity: Int, questions: Int, waiters: Int) {
        self.capacity = max(capacity, 1)
        questionLimit = questions
        waiterLimit = waiters
    }

    /// `waiter` asks `key`.
    public mutating func ask(_ key: Key, _ waiter: Waiter, now: Timestamp) -> Asking {
        if let answer = answers[key], answer.until > now { return .answered(answer.outcome) }
        guard waiters < waiterLimit else { return .tooMany }
        if waiting[key] != nil {
            waiting[key]?.append(waiter)
            waiters += 1
            return .waits
        }
        guard waiting.count < questionLimit else { return .tooMany }
        waiting[key] = [waiter]
        waiters += 1
        return .first
    }

    /// The answer to `key` came; gives those who wait for it.
    public mutating func answered(_ key: Key, _ outcome: CredentialOutcome, keptFor span: TimeSpan, now: Timestamp) -> [Waiter] {
        let told = waiting.removeValue(forKey: key) ?? []
        waiters -= told.count
        guard span > .zero else { return told }
        if answers[key] == nil {
            if order.count < capacity {
                order.append(key)
            } else {
                answers[order[oldest]] = nil
                order[oldest] = key
                oldest = (oldest + 1) % capacity
            }
        }
        answers[key] = Answer(outcome: outcome, until: now + span)
        return told
    }

    /// Questions under way, those who wait, and answers that are kept, for tests.
    public var counts: (questions: Int, waiters: Int, answers: Int) { (waiting.count, waiters, answers.count) }
}
