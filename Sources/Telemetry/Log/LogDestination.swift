import Glibc

/// Where log lines go.
public enum LogDestination: Sendable, Hashable {
    case standardOutput
    case standardError
    /// A file, appended to, made with mode 0640 if it isn't there, opened anew by `LogWriter.reopen`.
    case file(String)
    /// A descriptor that somebody else opened and closes: tests, and supervisors that hand one down.
    case descriptor(Int32)

    /// Whether a person looks at it: only then colour is used and `pretty` is the default.
    public var isTerminal: Bool {
        switch self {
        case .standardOutput: isatty(STDOUT_FILENO) == 1
        case .standardError: isatty(STDERR_FILENO) == 1
        case .file: false
        case .descriptor(let descriptor): isatty(descriptor) == 1
        }
    }

    /// The descriptor to write to; for a file a new one.
    func open() throws(LogDestinationError) -> Int32 {
        switch self {
        case .standardOutput: return STDOUT_FILENO
        case .standardError: return STDERR_FILENO
        case .descriptor(let descriptor): return descriptor
        case .file(let path):
            let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o640)
            guard descriptor >= 0 else { throw LogDestinationError(path: path, errno: errno) }
            return descriptor
        }
    }

    /// Whether `LogWriter` opened the descriptor and so closes it.
    var isOwned: Bool {
        if case .file = self { true } else { false }
    }
}

/// A log file that can't be opened.
public struct LogDestinationError: Error, Sendable, Hashable, CustomStringConvertible {
    public let path: String
    public let errno: Int32

    public var description: String {
        "log.output: can't open \(path) for appending: \(String(cString: strerror(errno))). "
            + "Expected a path in a directory where this user may write, or stdout or stderr."
    }
}

/// The two looks of the log.
public enum LineFormat: String, Sendable, Hashable, CaseIterable {
    /// One JSON object a line.
    case json
    /// The same for people: short lines, refusals explained; colour only on a terminal.
    case pretty
}
