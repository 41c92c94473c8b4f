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
        var raw = Array(repeating: clinux_address(), count: 16)
        let count = raw.withUnsafeMutableBufferPointer { clinux_resolve(host, port, $0.baseAddress, 16) }
        guard count >= 0 else { return .failed(clinux_resolve_error(count).map { String(cString: $0) } ?? "error \(count)") }
        return .addresses(
            raw.prefix(Int(count)).map { address in
                var address = address
                var high: UInt64 = 0
                var low: UInt64 = 0
                var port: UInt16 = 0
                clinux_address_read(&address, &high, &low, &port)
                return SocketAddress(high: high, low: low, port: port)
            })
    }
}
