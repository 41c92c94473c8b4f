import CLinux
import Glibc
import Synchronization

/// The standard output and standard error of a process that passes on what another one writes, and writes lines of its own between.
///
/// What the other writes goes out at once and untouched, whole lines or not. A line of our own waits until the other's line is at its end; if that
/// doesn't come, it goes out all the same after a while, behind a newline of ours. So neither tears the other's lines, and no byte of the other is
/// held back, changed or lost. Where both descriptors are one file (a terminal, `2>&1`), they share one state.
public final class SharedOutput: Sendable {
    /// How long a line of ours waits for the end of another's.
    private let patience: UInt64
    /// Whether the last byte that went out by each descriptor was a newline; one state for both where they are one file.
    private let streams: [Stream]

    private final class Stream: Sendable {
        let isAtLineStart = Mutex(true)
    }

    /// - Parameter patience: how long a line of ours waits, in milliseconds
    public init(patience: UInt64 = 1000) {
        self.patience = patience * 1_000_000
        let first = Stream()
        streams = [first, SharedOutput.areOne(STDOUT_FILENO, STDERR_FILENO) ? first : Stream()]
    }

    private static func areOne(_ a: Int32, _ b: Int32) -> Bool {
        var first = stat()
        var second = stat()
        guard fstat(a, &first) == 0, fstat(b, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    /// Writes what the other wrote, as it is. False once nobody takes it any more.
    public func passOn(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        guard let last = bytes.last else { return true }
        return stream(descriptor).isAtLineStart.withLock { isAtLineStart in
            guard SharedOutput.write(bytes, to: descriptor) else { return false }
            isAtLineStart = last == 0x0A
            return true
        }
    }

    /// Runs `body`, which writes whole lines of ours, when the other's line is over.
    func betweenLines<Result>(_ descriptor: Int32, _ body: () -> Result) -> Result {
        let deadline = clinux_monotonic() + patience
        while true {
            let isLate = clinux_monotonic() >= deadline
            let result: Result? = stream(descriptor).isAtLineStart.withLock { isAtLineStart in
                if !isAtLineStart {
                    guard isLate else { return nil }
                    _ = "\n".utf8CString.withUnsafeBytes {
                        SharedOutput.write(UnsafeRawBufferPointer(rebasing: $0[..<1]), to: descriptor)
                    }
                    isAtLineStart = true
                }
                return body()
            }
            if let result { return result }
            clinux_sleep(2_000_000)
        }
    }

    private func stream(_ descriptor: Int32) -> Stream { streams[descriptor == STDERR_FILENO ? 1 : 0] }

    /// Writes everything, waiting where the output makes it wait; false if it fails.
    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
            if count > 0 {
                offset += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, 100)
            default: return false
            }
        }
        return true
    }
}
