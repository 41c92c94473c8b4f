// What is done when memory runs short.
//
// Theory of operation. The kernel kills a process whose group has no memory left; what can be done before that is to take on nothing new, and
// then to give something up. Each reading of what is taken is held against three marks of the limit:
//
//     98 %  shed: sessions end, those first that hold the most bytes that their peers don't take, until 92 % would be left
//     95 %  accepting stops (the listeners stay open, who connects waits in the kernel's queue), free heap pages go back
//     90 %  below it accepting goes on
//
// What has been shed is given back within moments, not at once; until then nothing more is. A group's memory may be other processes': where little of it is
// Gatehouse's, ending its sessions would give nothing back and refusing service would only add to the harm, so nothing is done.
public import Wire

/// Decides from readings what is to be done.
public struct MemoryWatch: Sendable {
    /// What was read at one moment.
    public struct Reading: Sendable, Hashable {
        /// What there is, in bytes.
        public var limit: UInt64
        /// What is taken of it, without what the kernel can drop at once.
        public var used: UInt64
        /// What of that is Gatehouse's.
        public var own: UInt64

        public init(limit: UInt64, used: UInt64, own: UInt64) {
            self.limit = limit
            self.used = used
            self.own = own
        }

        /// Whether `percent` of the limit are taken.
        public func isAt(percent: UInt64) -> Bool {
            let (product, overflow) = limit.multipliedReportingOverflow(by: percent)
            return overflow ? used / percent >= limit / 100 : used >= product / 100
        }

        /// Whether Gatehouse takes a part that is worth giving back.
        var isOurs: Bool { own >= limit / 8 }
    }

    public enum Action: Sendable, Hashable {
        case stopAccepting
        case goOnAccepting
        /// End sessions that hold unsent bytes until so many bytes are free.
        case shed(UInt64)
        /// Give free pages of the heap back.
        case trim
    }

    public private(set) var isAccepting = true
    private var shedsAgainAt = Timestamp.zero
    private var trimsAgainAt = Timestamp.zero

    public init() {}

    /// What is to be done about this reading.
    public mutating func look(at reading: Reading, now: Timestamp) -> [Action] {
        guard reading.limit > 0 else { return [] }
        var actions: [Action] = []
        let isShort = reading.isAt(percent: 95) && reading.isOurs
        if isAccepting, isShort {
            isAccepting = false
            actions.append(.stopAccepting)
        } else if !isAccepting, !reading.isAt(percent: 90) || !reading.isOurs {
            isAccepting = true
            actions.append(.goOnAccepting)
        }
        if isShort, now >= trimsAgainAt {
            trimsAgainAt = now + .seconds(1)
            actions.append(.trim)
        }
        if isShort, reading.isAt(percent: 98), now >= shedsAgainAt {
            shedsAgainAt = now + .milliseconds(300)
            actions.append(.shed(reading.used - min(reading.used, reading.limit / 100 * 92)))
            // What the sessions held is free heap then.
            trimsAgainAt = now + .milliseconds(100)
        }
        return actions
    }

    /// When to look again: seldom while there is plenty, often when it is short.
    public func interval(after reading: Reading) -> TimeSpan {
        if reading.isAt(percent: 90) { return .milliseconds(50) }
        return reading.isAt(percent: 70) ? .milliseconds(200) : .seconds(1)
    }
}
