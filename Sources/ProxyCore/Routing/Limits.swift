public import Wire

/// How much Gatehouse takes in before it refuses, with the answer that a breach gets.
public struct Limits: Sendable, Hashable {
    /// Bytes of a request's or response's head: 431 towards the client, 502 for a response.
    public var head: Int = 32 * 1024
    /// Field lines of a head: 431.
    public var fields: Int = 100
    /// Bytes of the request target: 414.
    public var target: Int = 8 * 1024
    /// Bytes of a request's body: 413. Zero for no limit; bodies are streamed and cost no memory.
    public var body: UInt64 = 0
    /// Downstream connections of the whole process; more are closed at once.
    public var connections: Int = 20_000
    /// Opening handshakes that wait for their response: 503.
    public var upgradesInFlight: Int = 1_000
    /// Upgraded sessions of the whole process: 503.
    public var sessions: Int = 10_000
    /// Upgraded sessions of one client address (of one /64 network for IPv6): 429. Zero for no limit.
    public var sessionsPerAddress: Int = 0
    /// Upgrades that the whole process lets in within a second: 503. Zero for no limit.
    public var upgradesPerSecond: Int = 0
    /// Messages that one session's client may send in a second. Zero for no limit.
    public var messagesPerSecond: Int = 0
    public var onLimit = OnLimit.refuse
    /// Upgrades that wait for room at one time, in the whole process.
    public var queueLength: Int = 1_000
    public var queueWait: TimeSpan = .seconds(5)

    /// Bytes of memory that the process may take, if less than its control group or the machine allows.
    public var memory: UInt64?

    public init() {}
}
