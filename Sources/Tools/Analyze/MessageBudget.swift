/// Payload bytes that the messages of all sessions of an analysis may keep together.
///
/// The bound of one session doesn't bound a capture: a hundred thousand open sessions with a message each are more than a machine has.
final class MessageBudget {
    private(set) var left: Int

    /// Of all sessions whose messages are kept at a time.
    static let bytes = 128 << 20

    init(_ bytes: Int = MessageBudget.bytes) { left = bytes }

    /// What one session has of it; given back when nobody has its messages any more.
    final class Share {
        private let budget: MessageBudget
        private var payload = 0
        private var entries = 0
        /// Whether the last refusal came of what other sessions took.
        private(set) var isCrowdedOut = false
        /// Bytes of payload that this session may have at most.
        private let limit: Int

        init(_ budget: MessageBudget, limit: Int) {
            self.budget = budget
            self.limit = limit
        }

        deinit { budget.left += payload + entries * Share.entryCost }

        /// What a message takes beside its payload, about.
        private static let entryCost = 128

        /// Takes as many of `count` bytes as there are; how many.
        func take(_ count: Int) -> Int {
            let granted = max(min(count, limit - payload, budget.left), 0)
            if granted < count { isCrowdedOut = budget.left < limit - payload }
            payload += granted
            budget.left -= granted
            return granted
        }

        /// Bytes that are not kept after all.
        func giveBack(_ count: Int) {
            let returned = max(min(count, payload), 0)
            payload -= returned
            budget.left += returned
        }

        /// Takes room for one more message; false if there is none.
        func takeEntry() -> Bool {
            guard budget.left >= Share.entryCost else {
                isCrowdedOut = true
                return false
            }
            entries += 1
            budget.left -= Share.entryCost
            return true
        }
    }
}
