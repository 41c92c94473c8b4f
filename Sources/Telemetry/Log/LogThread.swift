import CLinux
import Glibc
import Wire

/// What the writer thread does; confined to it.
final class LogThread {
    private let queue: LogQueue
    private let output: LogDestination
    private var descriptor: Int32
    private let linger: UInt64
    private var pretty: PrettyRenderer?
    /// Who else writes to the same descriptor; nil where nobody does.
    private let shared: SharedOutput?
    /// Losses already reported by a line.
    private var reported: UInt64 = 0
    /// Whether the last byte that went out was not a newline.
    private var torn = false

    init(queue: LogQueue, output: LogDestination, descriptor: Int32, linger: UInt64, pretty: PrettyRenderer?, shared: SharedOutput?)
    {
        self.queue = queue
        self.output = output
        self.descriptor = descriptor
        self.linger = linger
        self.pretty = pretty
        self.shared = output == .standardOutput || output == .standardError ? shared : nil
    }

    func run() {
        // Signals belong to the threads that expect them, and a reader that went away is an error here, not SIGPIPE.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        while true {
            let batch = queue.take(linger: linger)
            if batch.reopen { reopen() }
            report(lost: batch.lost)
            if !batch.bytes.isEmpty { write(batch) }
            if batch.stopping, batch.bytes.isEmpty, queue.finish() { break }
        }
        if output.isOwned { close(descriptor) }
    }

    /// Says how many lines are missing: before the lines that came after the gap, and again and again until it can be said.
    private func report(lost: UInt64) {
        guard lost > reported else { return }
        let said = writeProcessLine(
            "log.lost", "log lines were dropped because they could not be written in time", "lines", lost - reported)
        if said { reported = lost }
    }

    private func write(_ batch: LogQueue.Batch) {
        if pretty != nil { pretty?.width = TerminalWidth.of(descriptor) }
        if let pretty {
            let text = pretty.render(lines: batch.bytes)
            // Several lines of text may stand for one record: without all of them, all count as lost.
            if text.withUnsafeBytes({ write(all: $0) < $0.count }) { queue.countLost(batch.lines) }
            return
        }
        let written = write(all: batch.bytes)
        guard written < batch.bytes.count else { return }
        var lost: UInt64 = 0
        for byte in batch.bytes[written...] where byte == 0x0A { lost += 1 }
        queue.countLost(lost)
    }

    /// Writes everything, waiting where the output makes it wait, and says how much went out: less only if it fails.
    private func write(all bytes: UnsafeRawBufferPointer) -> Int {
        guard let shared else { return writeOut(bytes) }
        return shared.betweenLines(descriptor) { writeOut(bytes) }
    }

    private func writeOut(_ bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        if torn {
            guard Glibc.write(descriptor, "\n", 1) == 1 else { return 0 }
            torn = false
        }
        while offset < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
            if count > 0 {
                offset += count
                torn = bytes[offset - 1] != 0x0A
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN where waitUntilWritable(): continue
            default: return offset
            }
        }
        return offset
    }

    /// A pipe that somebody made non-blocking. False once the process stops: then the lines are given up.
    private func waitUntilWritable() -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let ready = poll(&entry, 1, 100)
            if ready > 0 { return entry.revents & Int16(POLLOUT) != 0 }
            if ready < 0, errno != EINTR { return false }
            if queue.isStopping { return false }
        }
    }

    private func reopen() {
        guard output.isOwned else { return }
        do throws(LogDestinationError) {
            let fresh = try output.open()
            close(descriptor)
            descriptor = fresh
            torn = false
        } catch {
            _ = writeProcessLine(
                "log.reopen_failed", "the log file could not be opened again; lines go on into the old one", "errno",
                UInt64(error.errno))
        }
    }

    /// A line of the writer's own.
    private func writeProcessLine(
        _ event: StaticString, _ message: StaticString, _ key: StaticString, _ value: UInt64
    ) -> Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let time = Timestamp(nanoseconds: UInt64(clamping: now.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: now.tv_nsec))
        var line = LineBuffer(capacity: 512)
        line.begin(event, level: .warning, at: time, message: message)
        line.field(key, value)
        line.finish()
        return line.withBytes { bytes in
            guard let pretty else { return write(all: bytes) == bytes.count }
            return pretty.render(lines: bytes).withUnsafeBytes { write(all: $0) == $0.count }
        }
    }
}
