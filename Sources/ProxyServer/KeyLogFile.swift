import Glibc
import TLSEngine

/// A file that takes the secrets of TLS sessions, a line each, because the operator asked for it (`tls.key_log`).
///
/// A write of one short line to a file that is open for appending is whole, so that all workers share it without a lock. It may wait for a slow disk;
/// a key log is for a search and not for every day, which the warning at start says.
final class KeyLogFile: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws(TLSContextError) {
        // Nobody but the owner, and through no link.
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw TLSContextError(
                .fileUnreadable, path: path,
                "the key log can't be written (\(String(cString: strerror(errno)))); name a file that Gatehouse may append to, or remove key_log"
            )
        }
    }

    deinit { close(descriptor) }

    /// What a context takes; it keeps the file open.
    var log: KeyLog {
        KeyLog { line in
            var line = line + "\n"
            line.withUTF8 { _ = write(self.descriptor, $0.baseAddress, $0.count) }
        }
    }
}
