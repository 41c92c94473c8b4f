import CLinux
import EventLoop
import Probing
import Synchronization
import Wire

/// Asks the system for the addresses of a name, with an end to the waiting that the system's own call lacks.
enum NameLookup {
    enum Answer: Sendable {
        case addresses([SocketAddress])
        /// The system's own words.
        case failed(String)
        case timedOut
    }

    /// The addresses of `host`, in the system's order.
    static func addresses(of host: String, port: UInt16, until deadline: Deadline) -> Answer {
        let question = Question()
        let started = WorkerThread.start(name: "gh-resolve") {
            let answer = ask(host, port)
            question.answer.withLock { $0 = answer }
        }
        guard started != nil else { return ask(host, port) }
        // The thread is left behind if it takes too long; it ends with the process.
        while question.answer.withLock({ $0 == nil }) {
            if deadline.hasPassed { return .timedOut }
            clinux_sleep(200_000)
        }
        return question.answer.withLock { $0 } ?? .timedOut
    }

    private final class Question: Sendable {
        let answer = Mutex<Answer?>(nil)
    }

    private static func ask(_ host: String, _ port: UInt16) -> Answer {
        let (addresses, failure) = SystemResolver.addresses(of: host, port: port, most: 16)
        return failure.map { .failed($0) } ?? .addresses(addresses)
    }
}
