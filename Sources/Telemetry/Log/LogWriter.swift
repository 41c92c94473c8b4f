import Glibc
public import Wire

/// Writes the log's lines on a thread of its own; data never waits for the log.
///
/// A worker renders a line into its `LineBuffer` and appends it here: one copy under a short lock (`LogQueue`). The writer
/// thread takes all that has gathered and gives it to one write(2). A pipe whose reader has stopped, a full disk or a slow
/// terminal therefore stops only that thread: the queue fills, lines are dropped and counted, and as soon as something can be
/// written again the log itself says how many are missing (`log.lost`).
///
/// A file is opened with O_APPEND and, for log rotation, opened anew when `reopen` was called (SIGHUP). If that fails,
/// the lines go on into the old file. A write that the disk cut short is completed or, if the rest can't be
/// written, ended with a newline before the next line, so a torn line never swallows its neighbour.
public final class LogWriter: Sendable {
    public let output: LogDestination
    public let format: LineFormat
    private let queue: LogQueue
    private let linger: UInt64
    private let useColour: Bool
    private let shared: SharedOutput?

    /// Opens the output and starts the writer thread.
    ///
    /// - Parameters:
    ///   - colour: Whether `pretty` may use colour; nil means only on a terminal, unless `NO_COLOR` is set.
    ///   - capacity: The most bytes that wait for the writer. Twice that is reserved, and touched only when needed.
    ///   - linger: How long the writer lets lines gather before it writes.
    ///   - shared: Who else writes to the standard output and standard error, if somebody does.
    public init(
        output: LogDestination, format: LineFormat = .json, colour: Bool? = nil, capacity: Int = 4 << 20,
        linger: TimeSpan = .milliseconds(10), shared: SharedOutput? = nil
    ) throws(LogDestinationError) {
        self.output = output
        self.format = format
        self.linger = linger.nanoseconds
        self.shared = shared
        useColour = colour ?? TerminalColour.isWanted(onTerminal: output.isTerminal)
        queue = LogQueue(capacity: max(capacity, 1024))
        let descriptor = try output.open()
        start(descriptor)
    }

    /// Takes one finished line. False if it was dropped (and counted) because the queue is full or the writer has ended.
    @discardableResult
    public func append(_ line: borrowing LineBuffer) -> Bool {
        line.withBytes { queue.append($0) }
    }

    /// Takes one finished line, newline included.
    @discardableResult
    public func append(_ line: UnsafeRawBufferPointer) -> Bool { queue.append(line) }

    /// Lines lost since the start, for the metric.
    public var lostLines: UInt64 { queue.lostLines }

    /// Asks for the file to be opened anew, after a rotation. Returns at once.
    public func reopen() { queue.askReopen() }

    /// Ends the writer: what has been appended is written, for at most `limit`.
    ///
    /// - Returns: Whether all of it was written. If not, the thread is left behind in its blocked write: the process is to
    ///   end now.
    @discardableResult
    public func stop(within limit: TimeSpan = .seconds(2)) -> Bool {
        queue.stop(deadline: QueueLock.deadline(after: limit.nanoseconds))
    }

    // MARK: The thread

    private func start(_ descriptor: Int32) {
        let state = LogThread(
            queue: queue, output: output, descriptor: descriptor, linger: linger,
            pretty: format == .pretty ? PrettyRenderer(colour: useColour) : nil, shared: shared)
        // The thread holds the one reference that `takeRetainedValue` balances.
        let context = Unmanaged.passRetained(state).toOpaque()
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<LogThread>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        precondition(failure == 0, "LogWriter: the system refuses to start one thread")
        pthread_detach(thread)
    }
}
