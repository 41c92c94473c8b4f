import Glibc

/// The file system, as far as a configuration touches it: its own file, and whether the files that it names can be read.
enum ConfigurationFile {
    /// The bytes of the file at `path`, one more than allowed at most, or why they can't be had.
    static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
        func fault(_ reason: String) -> ConfigurationError {
            ConfigurationError([
                ConfigurationProblem(
                    source: .file(path, line: 0, column: 0), key: "", observed: "a file that \(reason)",
                    expected: "a file that can be read")
            ])
        }
        // Non-blocking, so that the name of a pipe can't hold us.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw fault(reason(errno)) }
        defer { close(descriptor) }
        if let reason = kindFault(descriptor) { throw fault(reason) }
        var bytes = [UInt8](repeating: 0, count: YAMLText.largest + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw fault(reason(errno))
            }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }

    /// Why the file at `path` can't be read, or nil if it can.
    static func reasonUnreadable(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return reason(errno) }
        defer { close(descriptor) }
        return kindFault(descriptor)
    }

    /// A relative path that a file names starts at that file's directory; one from a flag or the environment, at the
    /// working directory.
    static func resolve(_ path: String, from source: ConfigurationSource) -> String {
        guard !path.hasPrefix("/"), case .file(let file, _, _) = source, let slash = file.lastIndex(of: "/") else {
            return path
        }
        return file[...slash] + path
    }

    private static func kindFault(_ descriptor: Int32) -> String? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return reason(errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFCHR: return nil
        case S_IFDIR: return "is a directory"
        default: return "is a pipe, a socket or a device"
        }
    }

    private static func reason(_ number: Int32) -> String {
        switch number {
        case ENOENT: "does not exist"
        case EACCES, EPERM: "this user may not read"
        case EISDIR: "is a directory"
        case ENOTDIR: "does not exist (a part of its path is a file)"
        default: "can't be read: \(String(cString: strerror(number)))"
        }
    }
}
