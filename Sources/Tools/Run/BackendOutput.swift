import CLinux
import Diagnosis
import EventLoop
import Glibc
import Synchronization
import Telemetry
import Wire

/// What a backend writes: passed on to our own standard output and standard error as it comes, and read along by the line.
///
/// One thread for each life of the backend. It passes a piece on before it looks at it, so that reading along delays nothing. If our
/// output makes it wait, the pipe fills and the backend waits, as it would without us; if nobody takes our output any more, the backend's is still read, so that
/// it can go on and its words are still heard.
final class BackendOutput: Sendable {
    /// How many of the last lines are kept, and how much of each.
    private static let kept = (lines: 12, bytes: 400)

    private struct Memory {
        var lines: [[UInt8]] = []
        var signs = SignSet()
    }

    private let pipes: [Int32]
    private let shared: SharedOutput
    private let hear: @Sendable ([UInt8], Timestamp) -> Void
    private let stopped = Atomic<Bool>(false)
    private let waker: Waker
    private let memory = Mutex(Memory())
    private let done = Reply<Bool>()

    /// Takes the reading ends of the two pipes, and closes them when it is done; nil where the process is out of descriptors.
    init?(output: Int32, errors: Int32, shared: SharedOutput, hear: @escaping @Sendable ([UInt8], Timestamp) -> Void) {
        guard let waker = Waker() else { return nil }
        self.waker = waker
        pipes = [output, errors]
        self.shared = shared
        self.hear = hear
        if WorkerThread.start(name: "gh-output", { [self] in run() }) == nil { return nil }
    }

    /// The last lines, as text without control characters.
    var lastLines: [String] {
        memory.withLock { memory in memory.lines.map { OutputReading.evidence($0).observed } }
    }

    /// What any line so far spoke of.
    var signs: SignSet { memory.withLock { $0.signs } }

    /// Waits until everything that was written is passed on; a process that has left the group may hold a pipe open for ever.
    func finish(milliseconds: Int32) {
        if done.wait(milliseconds: milliseconds) != nil { return }
        stopped.store(true, ordering: .relaxed)
        waker.wake()
        _ = done.wait(milliseconds: 200)
    }

    private func run() {
        var open = pipes
        var splitters = [LineSplitter(), LineSplitter()]
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { block.deallocate() }
        while open.contains(where: { $0 >= 0 }), !stopped.load(ordering: .relaxed) {
            var entries = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            entries.append(pollfd(fd: waker.descriptor, events: Int16(POLLIN), revents: 0))
            guard poll(&entries, nfds_t(entries.count), -1) > 0 else { continue }
            for stream in 0..<2 where entries[stream].revents != 0 {
                let count = read(open[stream], block.baseAddress, block.count)
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                guard count > 0 else {
                    splitters[stream].finish(line)
                    close(open[stream])
                    open[stream] = -1
                    continue
                }
                let piece = UnsafeRawBufferPointer(rebasing: block[..<count])
                _ = shared.passOn(piece, to: stream == 0 ? STDOUT_FILENO : STDERR_FILENO)
                splitters[stream].take(piece, line)
            }
        }
        for descriptor in open where descriptor >= 0 { close(descriptor) }
        done.give(true)
    }

    private func line(_ bytes: [UInt8]) {
        hear(bytes, Timestamp(nanoseconds: clinux_realtime()))
        guard !bytes.isEmpty else { return }
        let signs = OutputReading.signs(bytes)
        memory.withLock { memory in
            memory.lines.append(Array(bytes.prefix(BackendOutput.kept.bytes)))
            if memory.lines.count > BackendOutput.kept.lines { memory.lines.removeFirst() }
            memory.signs.formUnion(signs)
        }
    }
}
