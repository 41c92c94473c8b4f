import CLinux
import Credentials
import EventLoop
import ProxyCore
import Synchronization
import Wire

/// Checks passwords on a thread of its own, since bcrypt is slow on purpose and a loop must not wait.
///
/// A bounded queue: when too many wait, the next is refused (503) rather than put off. The thread begins with the first question.
final class PasswordDesk: Sendable {
    struct Question: Sendable {
        let checker: CredentialChecker
        let credential: PresentedCredential
        let mailbox: Mailbox<WorkerMessage>
        let slot: UInt32
        let session: SessionID
    }

    static let capacity = 64

    private struct State {
        var questions: [Question] = []
        var isRunning = false
        var isStopped = false
    }

    private let state = Mutex(State())

    /// Takes a question; false when too many wait already.
    func ask(_ question: Question) -> Bool {
        let (accepted, starts) = state.withLock { state in
            guard state.questions.count < PasswordDesk.capacity, !state.isStopped else { return (false, false) }
            state.questions.append(question)
            defer { state.isRunning = true }
            return (true, !state.isRunning)
        }
        if starts, WorkerThread.start(name: "gh-passwords", { [self] in run() }) == nil {
            state.withLock {
                $0.isRunning = false
                $0.questions = []
            }
            return false
        }
        return accepted
    }

    func stop() { state.withLock { $0.isStopped = true } }

    /// Works until there is nothing to do, then lets the thread end: passwords come in bursts or not at all.
    private func run() {
        while true {
            let next = state.withLock { state -> Question? in
                if !state.isStopped, !state.questions.isEmpty { return state.questions.removeFirst() }
                state.isRunning = false
                return nil
            }
            guard let next else { return }
            let outcome = next.checker.checkPassword(next.credential)
            // Said once: a full mailbox is no reason to let somebody wait for a deadline.
            _ = next.mailbox.post(
                .credentialChecked(slot: next.slot, session: next.session, outcome: outcome),
                until: clinux_monotonic() + ForwardDesk.patience.nanoseconds)
        }
    }
}
