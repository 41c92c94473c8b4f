// Asks the operator's services who may open a session, beside the loops.
//
// Theory of operation. A worker hands in a question and who waits for it. Equal questions are asked once (`AnswerTable`), and answers
// that say so are kept. A few threads ask, each one question at a time; they begin with the questions and end when there are none. A
// service that hangs so holds these threads, each for its timeout, and what waits behind them runs out of its own time: it is refused
// without having been asked. Nothing here lets anybody in: whatever goes wrong is `unavailable`.
import CLinux
import Credentials
import EventLoop
import Probing
import ProxyCore
import Synchronization
import TLSEngine
import Wire

final class ForwardDesk: Sendable {
    /// Who waits for an answer.
    struct Waiter: Sendable {
        let mailbox: Mailbox<WorkerMessage>
        let slot: UInt32
        let session: SessionID
    }

    enum Asked: Sendable {
        case answered(CredentialOutcome)
        /// The answer comes by the mailbox.
        case waits
        case tooMany
    }

    /// Answers are kept under the rule, because two may read one answer differently, and the hash of the question, so that no
    /// credential stays in memory for it.
    private struct Key: Sendable, Hashable {
        let rule: ForwardRule
        /// The configuration under which it was asked: what stands behind a URL, and whose certificates are believed, is only read
        /// anew with it, so an answer does not outlive a reload.
        let generation: Int
        let digest: [UInt8]
    }

    private struct Question: Sendable {
        let key: Key
        let request: [UInt8]
        /// For a service that is spoken to over TLS.
        let context: TLSContext?
        let deadline: Deadline
    }

    static let threads = 16
    static let questions = 1024
    static let waiters = 16_384
    static let answers = 16_384
    /// For how long an answer is offered to workers that take nothing: longer than any turn of theirs.
    static let patience = TimeSpan.seconds(5)

    private struct State {
        var table = AnswerTable<Key, Waiter>(
            capacity: ForwardDesk.answers, questions: ForwardDesk.questions, waiters: ForwardDesk.waiters)
        var queue: [Question] = []
        /// The first that is still to be asked; the queue is cut when it is empty, or half of it is done.
        var next = 0
        var running = 0
        var isStopped = false

        mutating func take() -> Question? {
            guard !isStopped, next < queue.count else { return nil }
            defer {
                next += 1
                if next * 2 > queue.count {
                    queue.removeFirst(next)
                    next = 0
                }
            }
            return queue[next]
        }
    }

    private let state = Mutex(State())

    /// Takes a question. Unless it is answered at once, the answer comes by `waiter`'s mailbox.
    func ask(
        _ rule: ForwardRule, _ request: [UInt8], _ context: TLSContext?, under generation: Int, _ waiter: Waiter
    ) -> Asked {
        // Not a loop's time: the threads that answer have none.
        let now = Timestamp(nanoseconds: clinux_monotonic())
        let key = Key(rule: rule, generation: generation, digest: Hashing.sha256(request))
        let (asked, starts) = state.withLock { state -> (Asked, Bool) in
            guard !state.isStopped else { return (.tooMany, false) }
            switch state.table.ask(key, waiter, now: now) {
            case .answered(let outcome): return (.answered(outcome), false)
            case .waits: return (.waits, false)
            case .tooMany: return (.tooMany, false)
            case .first:
                state.queue.append(Question(key: key, request: request, context: context, deadline: .after(rule.timeout)))
                guard state.running < ForwardDesk.threads else { return (.waits, false) }
                state.running += 1
                return (.waits, true)
            }
        }
        if starts, WorkerThread.start(name: "gh-forward", { [self] in run() }) == nil {
            state.withLock { $0.running -= 1 }
            answer(key, .unavailable("no thread could be started to ask \(rule.url)"), keptFor: .zero)
        }
        return asked
    }

    func stop() { state.withLock { $0.isStopped = true } }

    private func run() {
        while true {
            let next = state.withLock { state -> Question? in
                let next = state.take()
                if next == nil { state.running -= 1 }
                return next
            }
            guard let next else { return }
            let (outcome, kept) = perform(next)
            answer(next.key, outcome, keptFor: kept)
        }
    }

    private func perform(_ question: Question) -> (CredentialOutcome, TimeSpan) {
        let rule = question.key.rule
        guard !question.deadline.hasPassed else {
            return (.unavailable("\(rule.url) is slower than its timeout: the question was not even asked"), .zero)
        }
        do throws(ServiceCall.Fault) {
            let head = try ServiceCall.ask(
                rule.url.endpoint, question.request, context: question.context, bodyLimit: nil, until: question.deadline
            ).head
            return rule.judge(head)
        } catch { return (.unavailable("\(error.observed) from \(rule.url)"), .zero) }
    }

    private func answer(_ key: Key, _ outcome: CredentialOutcome, keptFor span: TimeSpan) {
        let now = Timestamp(nanoseconds: clinux_monotonic())
        let waiters = state.withLock { $0.table.answered(key, outcome, keptFor: span, now: now) }
        // As many may wait for one answer as would fill a mailbox many times over, and each is told once.
        let limit = now.nanoseconds + ForwardDesk.patience.nanoseconds
        for waiter in waiters {
            _ = waiter.mailbox.post(
                .credentialChecked(slot: waiter.slot, session: waiter.session, outcome: outcome), until: limit)
        }
    }
}
