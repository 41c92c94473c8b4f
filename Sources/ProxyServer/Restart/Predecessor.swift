import CLinux
import Configuration
import ProxyCore

/// The running process whose listeners this one takes over: found by the control socket, or because it started us.
struct Predecessor {
    /// How long it may take to answer.
    private static let patience: UInt64 = 10_000_000_000

    let channel: ControlChannel
    let pid: Int32
    let generation: Int
    let sockets: PassedSockets
    private var dialogue: SuccessorDialogue

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
        _ channel: ControlChannel, _ dialogue: inout SuccessorDialogue, _ descriptors: inout [Int32]
    ) -> SuccessorDialogue.Outcome? {
        guard channel.wait(milliseconds: Int32(patience / 1_000_000)) else { return nil }
        switch channel.receive() {
        case .packet(let bytes, let passed):
            descriptors += passed
            return dialogue.received(bytes, descriptors: passed.count)
        case .nothing: return .wait
        case .ended: return dialogue.ended()
        case .oversized: return .failed("it sends more than a message may hold")
        }
    }

    /// This process accepts: tells it so, and waits for its word. An error means that it goes on, and this one must not.
    mutating func ready() throws(Server.StartFailure) -> SuccessorDialogue.Outcome {
        channel.send(.ready)
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { _ = clinux_close(descriptor) } }
        while true {
            switch Predecessor.next(channel, &dialogue, &descriptors) {
            case .wait?: continue
            case .failed(let why)?:
                throw Server.StartFailure("The running process (pid \(pid)) keeps its listeners: \(why).")
            case let outcome?: return outcome
            case nil: throw Server.StartFailure("The running process (pid \(pid)) did not say within 10 s that it stops accepting.")
            }
        }
    }

    func refuse(_ reason: String) { channel.send(.refused(reason)) }
}
