import Wire

/// The side of a hot restart that takes the listeners over.
public struct SuccessorDialogue: Sendable {
    /// What follows from what came.
    public enum Outcome: Sendable, Hashable {
        case wait
        /// All descriptors are here.
        case adopt(RestartOffer)
        /// Something that the predecessor learnt.
        case learnt(LearntBatch)
        /// It has told all that it knew when it was asked.
        case told
        /// The predecessor accepts nothing any more.
        case handedOver
        /// The predecessor has gone without a word: whatever became of it, nobody else accepts.
        case predecessorGone
        /// It goes on, so this process must not.
        case failed(String)
    }

    private enum State { case asking, collecting(RestartOffer), adopted, following, over }

    private var state = State.asking
    private var descriptors = 0

    public init() {}

    /// A packet came, with so many descriptors.
    public mutating func received(_ bytes: [UInt8], descriptors count: Int) -> Outcome {
        let message: RestartMessage
        do throws(RestartMessageFault) {
            message = try RestartMessage(parsing: bytes)
        } catch {
            return fail("it answers \(error)")
        }
        descriptors += count
        switch (state, message) {
        case (_, .refused(let reason)): return fail("it refuses: \(reason)")
        case (.asking, .offer(let offer)): return collect(offer)
        case (.collecting(let offer), .more): return count > 0 ? collect(offer) : fail("it passes fewer descriptors than it offers")
        case (.adopted, .learnt(let batch)), (.following, .learnt(let batch)): return .learnt(batch)
        case (.adopted, .told): return .told
        case (.adopted, .yours):
            state = .following
            return .handedOver
        default: return fail("it answers out of turn")
        }
    }

    /// The predecessor has closed.
    public mutating func ended() -> Outcome {
        switch state {
        case .adopted, .following:
            state = .over
            return .predecessorGone
        case .asking, .collecting, .over: return fail("it ended before it had passed its listeners")
        }
    }

    private mutating func collect(_ offer: RestartOffer) -> Outcome {
        guard descriptors <= offer.descriptorCount else {
            return fail("it passes \(descriptors) descriptors and names \(offer.descriptorCount)")
        }
        guard descriptors == offer.descriptorCount else {
            state = .collecting(offer)
            return .wait
        }
        state = .adopted
        return .adopt(offer)
    }

    private mutating func fail(_ why: String) -> Outcome {
        state = .over
        return .failed(why)
    }
}
