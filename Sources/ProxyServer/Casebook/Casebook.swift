import Admin
import CLinux
import Configuration
import Diagnosis
import EventLoop
import Synchronization
import Telemetry
public import Wire

/// Where refusals and ends are looked at again, once more is known than when their lines were written.
///
/// Theory of operation. A worker writes its verdict at once, leaves a note here and goes on: the mailbox is bounded, and a note that finds it full is
/// counted and dropped. The casebook's own thread reads the notes; what they mean and what is to be done decides `Casework`, which is a value
/// without sockets. What it asks for is done by two more threads, so that nothing waits for a slow backend: `gh-probe` makes the
/// handshakes of one investigation after the other, `gh-check` asks whether an endpoint still takes connections. What they find comes back as
/// notes. Verdicts that got better are written as `session.verdict`.
public final class Casebook: Sendable {
    /// Notes that may wait. A refusal's note holds its heads, so this bounds memory as well.
    static let capacity = 4096
    /// From how many waiting notes on the thread is woken, though none of them is urgent.
    private static let crowd = 1024

    private let waker: Waker
    private struct Waiting {
        var notes: [CasebookNote] = []
        /// The thread has been woken for them: a burst costs one system call.
        var isCalled = false
    }

    private let waiting = Mutex(Waiting())
    private let stopped = Atomic<Bool>(false)
    private let dropped = Atomic<UInt64>(0)
    private let thread = Mutex<WorkerThread.Handle?>(nil)
    private let prober: Errands
    private let checker: Errands

    init(waker: Waker) throws(Server.StartFailure) {
        self.waker = waker
        prober = try Errands(name: "gh-probe", capacity: 8)
        checker = try Errands(name: "gh-check", capacity: 64)
    }

    /// A line that the backend wrote on its standard output or error, without its line end. Never blocks, and may be called from any
    /// thread, also before the server has started.
    ///
    /// Lines that speak of handshakes or sessions are joined to the refusal or session that they belong to, by time and content (the rules are
    /// those of `Casework.heard`); the verdict is then written anew, with the line quoted. All others are let go.
    public func heard(_ line: [UInt8], at time: Timestamp) { leave(.heard(Array(line.prefix(4096)), time)) }

    /// Notes that found the mailbox full.
    var lost: UInt64 { dropped.load(ordering: .relaxed) }

    /// Leaves a note. One that isn't urgent is read within a second; the thread isn't woken for it.
    func leave(_ note: CasebookNote, isUrgent: Bool = true) {
        let (isKept, wakes) = waiting.withLock { waiting in
            guard waiting.notes.count < Casebook.capacity else { return (false, false) }
            waiting.notes.append(note)
            guard !waiting.isCalled, isUrgent || waiting.notes.count >= Casebook.crowd else { return (true, false) }
            waiting.isCalled = true
            return (true, true)
        }
        if !isKept { dropped.add(1, ordering: .relaxed) }
        if wakes { waker.wake() }
    }

    func start(_ state: ServerState, _ shared: SharedParts) {
        prober.start()
        checker.start()
        let handle = WorkerThread.start(name: "gh-casebook") { [self] in run(state, shared) }
        thread.withLock { $0 = handle }
    }

    func stop() {
        stopped.store(true, ordering: .relaxed)
        waker.wake()
        thread.withLock { $0 }?.join()
        prober.stop()
        checker.stop()
    }

    /// What is known; nil if the thread doesn't answer in time.
    func report() -> CausesReport? {
        let reply = Reply<CausesReport>()
        leave(.report(reply))
        return reply.wait(milliseconds: 500)
    }

    /// The verdict on a session that was refused or ended badly, if it is still remembered.
    func verdict(on session: SessionID) -> FiledVerdict? {
        let reply = Reply<FiledVerdict?>()
        leave(.find(session, reply))
        return reply.wait(milliseconds: 500) ?? nil
    }

    private func run(_ state: ServerState, _ shared: SharedParts) {
        let desk = CasebookDesk(state, shared, self)
        while !stopped.load(ordering: .relaxed) {
            waker.wait(milliseconds: desk.patience(at: Casebook.now))
            let taken = waiting.withLock { waiting in
                defer { waiting = Waiting() }
                return waiting.notes
            }
            for note in taken { desk.read(note, at: Casebook.now) }
            desk.tick(at: Casebook.now)
        }
    }

    /// The thread has no loop; its clock is the system's.
    static var now: Timestamp { Timestamp(nanoseconds: clinux_realtime()) }

    /// Probes for a plan, on their own thread; false if too many wait.
    func investigate(_ job: Investigation) -> Bool {
        prober.add { [self] in
            let plan = job.perform { self.stopped.load(ordering: .relaxed) }
            leave(.probed(job.session, plan))
        }
    }

    /// Asks whether an endpoint takes connections.
    func check(_ endpoint: String, _ address: SocketAddress) -> Bool {
        checker.add { [self] in
            let (accepts, words) = EndpointCheck.ask(address)
            leave(.checked(endpoint, accepts: accepts, words: words))
        }
    }
}
