public import Wire

/// When which session gets its close frame, once an endpoint or the process is told to go: evenly spread over the window.
public struct DrainSchedule: Sendable {
    /// Between two looks at what is due.
    public static let step = TimeSpan.milliseconds(20)

    public private(set) var isActive = false
    public private(set) var beganAt = Timestamp.never
    public private(set) var nextStep = Timestamp.never
    private var window = TimeSpan.zero
    private var timeout = TimeSpan.zero
    private var total = 0
    private var closed = 0

    public init() {}

    /// - Parameters:
    ///   - window: Over how long the closes are spread.
    ///   - timeout: When everything that is left is ended.
    ///   - sessions: How many there are to close.
    public mutating func begin(window: TimeSpan, timeout: TimeSpan, sessions: Int, now: Timestamp) {
        isActive = true
        beganAt = now
        self.window = window
        self.timeout = timeout
        total = sessions
        closed = 0
        nextStep = now
    }

    /// How many sessions are to be closed now. Behind the window all that are there, those that opened meanwhile included.
    public mutating func due(now: Timestamp) -> Int {
        nextStep = now + DrainSchedule.step
        let elapsed = now - beganAt
        guard elapsed < window else { return .max }
        let share = elapsed.seconds / window.seconds
        let target = min(total, Int((Double(total) * share).rounded(.up)) + (share > 0 ? 0 : 1))
        defer { closed = max(closed, target) }
        return max(0, target - closed)
    }

    /// Whether everything that is left is to be ended.
    public func isOverdue(now: Timestamp) -> Bool { isActive && beganAt + timeout <= now }

    public mutating func end() {
        isActive = false
        nextStep = .never
    }
}
