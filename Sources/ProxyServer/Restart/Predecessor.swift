import CLinux
import Configuration
import EventLoop
import ProxyCore

/// The running process whose listeners this one takes over: found by the control socket, or because it started us.
struct Predecessor {
    /// How long it may take to answer.
    private static let patience: UInt64 = 10_000_000_000
    /// How long it may take to tell what it learnt.
    private static let tellingTime: UInt64 = 5_000_000_000

    let channel: ControlChannel
    let pid: Int32
    let generation: Int
    let sockets: PassedSockets
    /// Whether it can tell what it learnt, in words that are known here.
    let canTell: Bool
    private var dialogue: SuccessorDialogue
    private var isGone = false

    /// Asks for the listeners and waits for them; nil where nobody runs.
    static func find(_ surroundings: ProcessSurroundings, _ state: ServerState) throws(Server.StartFailure) -> Predecessor? {
        let settings = state.snapshot.restart
        if let channel = surroundings.channel {
            return try Predecessor(channel, pid: clinux_parent_pid(), state)
        }
        guard let path = settings.socket, let channel = try ControlChannel.connect(path) else { return nil }
        return try Predecessor(channel, pid: channel.peer?.pid ?? 0, state)
    }

    private init(_ channel: ControlChannel, pid: Int32, _ state: ServerState) throws(Server.StartFailure) {
        self.channel = channel
        self.pid = pid
        var dialogue = SuccessorDialogue()
        var descriptors: [Int32] = []
        // One that turns us away at once has closed by now; why is there to be read.
        channel.send(.take)
        let offer: RestartOffer
        waiting: while true {
            switch Predecessor.next(channel, &dialogue, &descriptors) {
            case .wait?: continue
            case .adopt(let complete)?:
                offer = complete
                break waiting
            case .failed(let why)?:
                for descriptor in descriptors { _ = clinux_close(descriptor) }
                throw Server.StartFailure("The listeners of the running process (pid \(pid)) can't be taken over: \(why).")
            default:
                for descriptor in descriptors { _ = clinux_close(descriptor) }
                throw Server.StartFailure("The running process (pid \(pid)) did not answer on its control socket within 10 s.")
            }
        }
        generation = offer.generation + 1
        canTell = offer.learntVersion == LearntBatch.version
        self.dialogue = dialogue
        let path = state.snapshot.restart.socket
        do throws(Server.StartFailure) {
            sockets = try PassedSockets(
                offer.listeners, descriptors, for: state,
                takesControl: { descriptor in path.map { clinux_is_bound_to(descriptor, $0) } ?? false }, strict: false)
        } catch {
            channel.send(.refused("\(error)"))
            throw error
        }
    }

    /// What comes next, or nil after `patience` of silence.
    private static func next(
        _ channel: ControlChannel, _ dialogue: inout SuccessorDialogue, _ descriptors: inout [Int32],
        patience: UInt64 = Predecessor.patience
    ) -> SuccessorDialogue.Outcome? {
        guard channel.wait(milliseconds: Int32(clamping: patience / 1_000_000)) else { return nil }
        switch channel.receive() {
        case .packet(let bytes, let passed):
            descriptors += passed
            return dialogue.received(bytes, descriptors: passed.count)
        case .nothing: return .wait
        case .ended: return dialogue.ended()
        case .oversized: return .failed("it sends more than a message may hold")
        }
    }

    // MARK: What it learnt

    /// Asks for what it learnt, and hands that to `take`. One that doesn't tell all of it in time, or is gone, is done without.
    mutating func learn(_ take: (LearntBatch) -> Void) throws(Server.StartFailure) {
        guard canTell, channel.send(.learn) else { return }
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { _ = clinux_close(descriptor) } }
        let limit = clinux_monotonic() + Predecessor.tellingTime
        while true {
            let now = clinux_monotonic()
            guard now < limit else { return }
            switch Predecessor.next(channel, &dialogue, &descriptors, patience: limit - now) {
            case .learnt(let batch)?: take(batch)
            case .wait?: continue
            case .failed(let why)?:
                throw Server.StartFailure("The running process (pid \(pid)) keeps its listeners: \(why).")
            // Nobody else accepts then, and nobody else knows.
            case .predecessorGone?:
                isGone = true
                return
            default: return
            }
        }
    }

    /// Hands on to `take` what it still learns while it drains, on a thread of its own that ends with it.
    func follow(_ take: @escaping @Sendable (LearntBatch) -> Void) {
        guard canTell else { return }
        let (channel, dialogue) = (channel, dialogue)
        WorkerThread.start(name: "gh-heir") {
            var dialogue = dialogue
            var descriptors: [Int32] = []
            defer { for descriptor in descriptors { _ = clinux_close(descriptor) } }
            while true {
                switch Predecessor.next(channel, &dialogue, &descriptors) {
                case .learnt(let batch)?: take(batch)
                case .wait?, nil: continue
                default: return
                }
            }
        }
    }

    /// This process accepts: tells it so, and waits for its word. An error means that it goes on, and this one must not.
    ///
    /// - Parameter take: what to do with what it learnt meanwhile.
    mutating func ready(_ take: (LearntBatch) -> Void) throws(Server.StartFailure) -> SuccessorDialogue.Outcome {
        if isGone { return .predecessorGone }
        channel.send(.ready)
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { _ = clinux_close(descriptor) } }
        while true {
            switch Predecessor.next(channel, &dialogue, &descriptors) {
            case .wait?, .told?: continue
            case .learnt(let batch)?: take(batch)
            case .failed(let why)?:
                throw Server.StartFailure("The running process (pid \(pid)) keeps its listeners: \(why).")
            case let outcome?: return outcome
            case nil: throw Server.StartFailure("The running process (pid \(pid)) did not say within 10 s that it stops accepting.")
            }
        }
    }

    func refuse(_ reason: String) { channel.send(.refused(reason)) }
}
