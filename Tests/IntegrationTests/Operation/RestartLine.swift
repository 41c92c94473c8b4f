import Foundation
import Glibc

/// A Gatehouse and the processes that follow it by SIGUSR2: the one that serves now is known from the ledger that they share.
final class RestartLine {
    let first: GatehouseProcess
    /// Who serves.
    private(set) var pid: pid_t
    private var restarts = 0

    init(
        io: IOBackend, upstream: String, _ configuration: String = "", workers: Int = 2, listeners: Int = 1,
        environment: [String: String] = [:]
    ) throws {
        first = try GatehouseProcess(
            io: io, upstream: upstream, configuration, listeners: listeners, workers: workers, environment: environment)
        pid = first.child.pid
    }

    deinit { if pid != first.child.pid { kill(pid, SIGKILL) } }

    var ledger: Ledger { first.ledger }

    /// Asks for a successor and waits until it serves.
    func restart() throws {
        kill(pid, SIGUSR2)
        try followed()
    }

    /// Waits until the next one of the line serves.
    func followed() throws {
        restarts += 1
        let line = try ledger.wait(forAll: restarts, "restart.handed_over", within: 30)[restarts - 1]
        guard let next = line["successor"].integer else { throw HarnessFailure("no successor in \(line)") }
        pid = pid_t(next)
        Undertaker.shared.watch(pid)
        _ = try ledger.wait(forAll: restarts, "restart.taken_over", within: 30)
    }

    /// Ends the process that serves.
    func stop() {
        kill(pid, SIGTERM)
        let pid = pid
        _ = holds(within: 20) { kill(pid, 0) != 0 || first.child.exit != nil && pid == first.child.pid }
        Undertaker.shared.forget(pid)
    }
}

/// Clients that connect anew for each request, in threads, until they are told to stop.
final class ConnectingCrowd: @unchecked Sendable {
    private let lock = NSLock()
    private var isOver = false
    private var answered = 0
    private var faults: [String] = []
    private var threads: [Thread] = []
    private let done = DispatchSemaphore(value: 0)

    init(clients: Int, port: UInt16) {
        for _ in 0..<clients {
            let thread = Thread { [self] in
                while !lock.withLock({ isOver }) { ask(port) }
                done.signal()
            }
            threads.append(thread)
            thread.start()
        }
    }

    private func ask(_ port: UInt16) {
        do {
            let connection = try RawConnection(port: port, timeout: 20)
            try connection.send("GET /bytes?n=5 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            let response = try connection.readResponse()
            lock.withLock {
                answered += 1
                if response.status != 200 || response.text != "bbbbb" { faults.append("answer \(response.status) \(response.text)") }
            }
        } catch {
            lock.withLock { faults.append("\(error)") }
        }
    }

    /// Answers so far.
    var count: Int { lock.withLock { answered } }

    /// Ends it; what went wrong.
    func stop() -> [String] {
        lock.withLock { isOver = true }
        for _ in threads { done.wait() }
        return lock.withLock { faults }
    }
}
