import CLinux
import Credentials
import EventLoop
import ProxyCore
import Synchronization
import Wire

/// Checks passwords on a thread of its own, since bcrypt is slow on purpose and a loop must not wait.
///
/// A bounded line in which each address has its turn (`FairLine`): somebody who guesses waits for himself, and when too many wait, the next is
/// refused (503) rather than put off. Who has given up waiting isn't checked any more. The thread begins with the first question.
final class PasswordDesk: Sendable {
    struct Question: Sendable {
        let checker: CredentialChecker
        let credential: PresentedCredential
        let mailbox: Mailbox<WorkerMessage>
        let slot: UInt32
        let session: SessionID
        /// Whose turn it takes; nil where the address is a proxy's.
        let client: SessionKey?
        /// When the asker has been refused, on the monotonic clock.
        let deadline: UInt64
    }

    static let capacity = 64
    /// Questions of one address that wait while others do.
    static let share = 8

    private struct State {
        var line = FairLine<SessionKey, Question>(capacity: PasswordDesk.capacity, share: PasswordDesk.share)
        var isRunning = false
        var isStopped = false
    }

    private let state = Mutex(State())

    /// Takes a question; false when too many wait already, of all or of the same address.
    func ask(_ question: Question) -> Bool {
        let (accepted, starts) = state.withLock { state in
            guard !state.isStopped, state.line.append(question, of: question.client) else { return (false, false) }
            defer { state.isRunning = true }
            return (true, !state.isRunning)
        }
        if starts, WorkerThread.start(name: "gh-passwords", { [self] in run() }) == nil {
            state.withLock {
                $0.isRunning = false
                $0.line.removeAll()
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
                if !state.isStopped, let next = state.line.next() { return next }
                state.isRunning = false
                return nil
            }
            guard let next else { return }
            guard clinux_monotonic() < next.deadline else { continue }
            let outcome = next.checker.checkPassword(next.credential)
            // Said once: a full mailbox is no reason to let somebody wait for a deadline.
            _ = next.mailbox.post(
                .credentialChecked(slot: next.slot, session: next.session, outcome: outcome),
                until: clinux_monotonic() + ForwardDesk.patience.nanoseconds)
        }
    }
}
