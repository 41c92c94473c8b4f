public import Wire

// The side of a hot restart that has the listeners. Whatever the other side says or leaves out, only `ready` after an offer
// changes anything; all else leaves this process as it was.

/// One conversation of the running process with a successor, or with an operator's command.
public struct PredecessorDialogue: Sendable {
    /// What the owner is to do, in order.
    public enum Action: Sendable, Hashable {
        case answer(RestartMessage)
        /// Send the offer with its descriptors.
        case offer
        /// Tell what was learnt, and from here on what is learnt.
        case tell
        /// Start a successor of our own; this peer waits for how it ends.
        case startSuccessor
        /// The successor accepts: stop accepting and drain.
        case handOver
        /// A successor that was under way came to nothing.
        case failed(String)
        /// Somebody who isn't one was turned away.
        case refused(String)
        case close
    }

    private enum State { case listening, offered, asking, over }

    /// How long somebody may take to say what it wants.
    public static let patience = TimeSpan.seconds(5)

    private var state = State.listening
    private var hasTold = false
    private let isOwnSuccessor: Bool
    private let timeout: TimeSpan
    /// When `deadlinePassed` is to be called.
    public private(set) var deadline: Timestamp

    /// - Parameters:
    ///   - isOwnSuccessor: Whether this process started the peer; it then has all of `timeout` until it asks.
    ///   - timeout: From the offer until the successor is ready.
    public init(isOwnSuccessor: Bool, timeout: TimeSpan, now: Timestamp) {
        self.isOwnSuccessor = isOwnSuccessor
        self.timeout = timeout
        deadline = now + (isOwnSuccessor ? timeout : PredecessorDialogue.patience)
    }

    /// Whether a peer of user `uid` may speak at all.
    public static func refusal(ofUser uid: UInt32, own: UInt32) -> String? {
        uid == own ? nil : "a peer of user \(uid); expected user \(own), whose process this is"
    }

    /// A packet came.
    public mutating func received(_ bytes: [UInt8], descriptors: Int, now: Timestamp) -> [Action] {
        let message: RestartMessage
        do throws(RestartMessageFault) {
            message = try RestartMessage(parsing: bytes)
        } catch {
            return turnAway("\(error)")
        }
        if descriptors > 0 { return turnAway("\(descriptors) descriptors; expected none from this side") }
        switch (state, message) {
        case (.over, _): return []
        case (.listening, .take):
            state = .offered
            deadline = now + timeout
            return [.offer]
        case (.listening, .restart) where !isOwnSuccessor:
            state = .asking
            // The successor's own deadline bounds this one.
            deadline = .never
            return [.startSuccessor]
        case (.offered, .learn) where !hasTold:
            hasTold = true
            return [.tell]
        case (.offered, .ready):
            state = .over
            return [.handOver]
        case (.offered, .refused(let reason)), (.listening, .refused(let reason)):
            state = .over
            return isOwnSuccessor || !reason.isEmpty ? [.failed(reason), .close] : [.close]
        default: return turnAway("a message out of turn")
        }
    }

    /// The peer has closed.
    public mutating func ended() -> [Action] {
        defer { state = .over }
        switch state {
        case .over: return []
        case .asking: return [.close]
        case .offered: return [.failed("the new process ended before it was ready"), .close]
        case .listening:
            return isOwnSuccessor ? [.failed("the new process ended before it asked for the listeners"), .close] : [.close]
        }
    }

    public mutating func deadlinePassed() -> [Action] {
        let seconds = Int(timeout.seconds.rounded())
        switch state {
        case .over, .asking: return []
        case .offered:
            state = .over
            let why = "the new process was not ready within \(seconds) s (restart.timeout)"
            return [.answer(.refused(why)), .failed(why), .close]
        case .listening:
            let why =
                isOwnSuccessor ? "the new process did not ask for the listeners within \(seconds) s" : "a peer that says nothing"
            return turnAway(why)
        }
    }

    private mutating func turnAway(_ why: String) -> [Action] {
        let wasUnderWay = state == .offered || isOwnSuccessor
        guard state != .over else { return [] }
        state = .over
        return [.answer(.refused(why)), wasUnderWay ? .failed(why) : .refused(why), .close]
    }
}
