// The thread that hands over.
//
// Theory of operation. One conversation at a time: with a process that came to the control socket, or with a successor of our own
// over a socket pair; both speak the same words (ProxyCore/Restart), and `PredecessorDialogue` decides. What the desk adds are
// descriptors, time and processes. Sockets are offered by their numbers in this process, under a lock that `close` takes before
// the workers close them, so that no number of something else is ever passed. When a successor is ready the desk says `yours`,
// wakes the main thread, and is done: a process hands over once. Besides sockets a successor may ask for what the affinity learnt
// (RestartDesk+Telling).
import CLinux
import Configuration
import EventLoop
import ProxyCore
import Synchronization
import Telemetry
import Wire

/// Hands the listeners over to a successor. Its thread's own, but for what is marked.
final class RestartDesk: Sendable {
    /// Wakes the main thread when a successor has taken over.
    let mainWaker: Waker
    let waker: Waker
    let surroundings: ProcessSurroundings
    let held: [HeldListener]
    let control: ControlSocket?
    let generation: Int
    let timeout: Mutex<TimeSpan>
    let ledgers: LedgerSource
    let status: ProcessStatus
    let standings: Standings
    /// Where to write who takes over; -1: nobody reads it.
    let lineage: Int32
    let state = Mutex(Shared())
    private let thread = Mutex<WorkerThread.Handle?>(nil)

    struct Shared {
        var isClosed = false
        var isStopped = false
        /// A signal asked for a successor.
        var isAsked = false
        /// The successor of our own that isn't ready yet.
        var child: Int32?
        var handedOver: Int32?
        /// A successor that serves and is told what is learnt here.
        var heir: ControlChannel?
    }

    /// A conversation that is under way.
    struct Conversation {
        let channel: ControlChannel
        var dialogue: PredecessorDialogue
        let pid: Int32
        let isOwn: Bool
        /// The command that waits for how it ends.
        var asker: ControlChannel?
        /// It is told what is learnt.
        var isTold = false
    }

    init(
        _ surroundings: ProcessSurroundings, held: [HeldListener], control: ControlSocket?, lineage: Int32, generation: Int,
        timeout: TimeSpan, ledgers: LedgerSource, status: ProcessStatus, standings: Standings
    ) throws(Server.StartFailure) {
        guard let waker = Waker(), let mainWaker = Waker() else {
            throw Server.StartFailure("eventfd failed: the process is out of descriptors (ulimit -n)")
        }
        self.waker = waker
        self.mainWaker = mainWaker
        self.surroundings = surroundings
        self.held = held
        self.control = control
        self.lineage = lineage
        self.generation = generation
        self.timeout = Mutex(timeout)
        self.ledgers = ledgers
        self.status = status
        self.standings = standings
    }

    // MARK: From the main thread

    func start() {
        let handle = WorkerThread.start(name: "gh-restart") { [self] in serve() }
        thread.withLock { $0 = handle }
    }

    func adopt(_ settings: RestartSettings) { timeout.withLock { $0 = settings.timeout } }

    /// Starts a successor of our own.
    func requestSuccessor() {
        state.withLock { $0.isAsked = true }
        waker.wake()
    }

    /// Who has taken over.
    var successor: Int32? { state.withLock { $0.handedOver } }

    /// A child has ended.
    func reaped(_ pid: Int32) { state.withLock { if $0.child == pid { $0.child = nil } } }

    /// No offer and no hand-over from now on: the listeners are about to close. Ends a successor of ours that isn't ready.
    func close() {
        state.withLock { shared in
            if let child = shared.child, shared.handedOver == nil { _ = clinux_signal_process(child, 15) }
            shared.isClosed = true
        }
        waker.wake()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        waker.wake()
        thread.withLock { $0 }?.join()
    }

    // MARK: The thread

    static var now: Timestamp { Timestamp(nanoseconds: clinux_monotonic()) }
    static var wallTime: Timestamp { Timestamp(nanoseconds: clinux_realtime()) }

    private func serve() {
        var current: Conversation?
        var isTelling = false
        while true {
            let (isClosed, isStopped, isAsked) = state.withLock { shared in
                defer { shared.isAsked = false }
                return (shared.isClosed, shared.isStopped, shared.isAsked)
            }
            if isStopped || isClosed {
                // Whoever speaks with us sees the end of its channel. The socket is closed here, where nobody polls it any more.
                if successor == nil { control?.remove() } else { control?.close() }
                if let heir = state.withLock({ $0.heir }) { tellOn(heir) }
                return
            }
            if isAsked {
                if current == nil {
                    current = begin(asker: nil)
                } else {
                    failed("another restart is under way", pid: 0)
                }
            }
            var descriptors = [waker.descriptor]
            if let control { descriptors.append(control.descriptor) }
            if let current { descriptors.append(current.channel.descriptor) }
            let ready = clinux_poll(descriptors, Int32(descriptors.count), pause(current))
            if ready & 1 != 0 { clinux_eventfd_clear(waker.descriptor) }
            if var conversation = current, ready & (1 << UInt32(descriptors.count - 1)) != 0 {
                current = receive(&conversation)
            } else if var conversation = current, conversation.dialogue.deadline <= RestartDesk.now {
                current = perform(conversation.dialogue.deadlinePassed(), &conversation)
            }
            if control != nil, ready & 2 != 0 { accept(&current) }
            if let current, current.isTold {
                isTelling = true
                tellNews(current.channel)
            } else if isTelling, state.withLock({ $0.heir }) == nil {
                // It came to nothing, and nobody listens any more.
                isTelling = false
                standings.endTelling()
            }
        }
    }

    private func pause(_ conversation: Conversation?) -> Int32 {
        guard let deadline = conversation?.dialogue.deadline, deadline != .never else { return -1 }
        let left = deadline > RestartDesk.now ? (deadline - RestartDesk.now).nanoseconds : 0
        return Int32(clamping: left / 1_000_000 + 1)
    }

    private func accept(_ current: inout Conversation?) {
        guard let control else { return }
        let descriptor = clinux_control_accept(control.descriptor)
        guard descriptor >= 0 else { return }
        let channel = ControlChannel(descriptor: descriptor)
        guard let peer = channel.peer else { return }
        if let refusal = PredecessorDialogue.refusal(ofUser: peer.uid, own: clinux_effective_user()) {
            turnAway(channel, refusal)
            return ledgers.ledger.restartRefused(observed: refusal, pid: peer.pid, at: RestartDesk.wallTime)
        }
        guard current == nil else {
            return turnAway(channel, "another restart is under way")
        }
        current = Conversation(
            channel: channel,
            dialogue: PredecessorDialogue(isOwnSuccessor: false, timeout: timeout.withLock { $0 }, now: RestartDesk.now),
            pid: peer.pid, isOwn: false)
    }

    /// Answers, and reads what has been said already: an end with unread packets is a reset, which destroys the answer.
    private func turnAway(_ channel: ControlChannel, _ why: String) {
        channel.send(.refused(why))
        for _ in 0..<8 {
            guard case .packet(_, let passed) = channel.receive() else { return }
            for descriptor in passed { _ = clinux_close(descriptor) }
        }
    }

    private func receive(_ conversation: inout Conversation) -> Conversation? {
        let actions: [PredecessorDialogue.Action]
        switch conversation.channel.receive() {
        case .packet(let bytes, let passed):
            for descriptor in passed { _ = clinux_close(descriptor) }
            actions = conversation.dialogue.received(bytes, descriptors: passed.count, now: RestartDesk.now)
        case .oversized:
            actions = conversation.dialogue.received(
                [UInt8](repeating: 0, count: RestartMessage.sizeLimit + 1), descriptors: 0, now: RestartDesk.now)
        case .ended: actions = conversation.dialogue.ended()
        case .nothing: return conversation
        }
        return perform(actions, &conversation)
    }

    /// Does what the dialogue says; the conversation, if it goes on.
    private func perform(
        _ actions: [PredecessorDialogue.Action], _ conversation: inout Conversation
    ) -> Conversation? {
        for action in actions {
            switch action {
            case .answer(let message): conversation.channel.send(message)
            case .offer:
                guard offer(on: conversation.channel) else {
                    return perform([.failed("the listeners could not be passed"), .close], &conversation)
                }
                ledgers.ledger.restartBegan(pid: conversation.pid, isOwn: conversation.isOwn, at: RestartDesk.wallTime)
            case .tell: conversation.isTold = tell(conversation.channel)
            case .startSuccessor: return begin(asker: conversation.channel)
            case .handOver:
                handOver(conversation)
                return nil
            case .failed(let why):
                conversation.asker?.send(.refused(why))
                failed(why, pid: conversation.pid)
                if conversation.isOwn { endChild(conversation.pid) }
            case .refused(let why): ledgers.ledger.restartRefused(observed: why, pid: conversation.pid, at: RestartDesk.wallTime)
            case .close: return nil
            }
        }
        return conversation
    }

    private func handOver(_ conversation: Conversation) {
        let isOurs = state.withLock { shared in
            guard !shared.isClosed else { return false }
            shared.isClosed = true
            shared.child = nil
            shared.handedOver = conversation.pid
            if conversation.isTold { shared.heir = conversation.channel }
            return true
        }
        // The process stops anyway: the successor sees the end, and goes on alone.
        guard isOurs else { return }
        surroundings.notifier.mainProcess(conversation.pid)
        if lineage >= 0 {
            let line = Array("\(conversation.pid)\n".utf8)
            _ = clinux_write_some(lineage, line, line.count)
        }
        ledgers.ledger.restartHandedOver(pid: conversation.pid, at: RestartDesk.wallTime)
        conversation.channel.send(.yours)
        conversation.asker?.send(.done(pid: conversation.pid))
        mainWaker.wake()
    }

    func failed(_ why: String, pid: Int32) {
        status.restartsFailed.add(1, ordering: .relaxed)
        ledgers.ledger.restartFailed(why, pid: pid, at: RestartDesk.wallTime)
    }
}
