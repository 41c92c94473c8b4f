import Glibc

/// A file that a command writes. It comes into being whole or not at all, for nobody but its owner, and over no other file unasked.
struct OutputFile {
    /// Why it can't be written, in one sentence.
    struct Fault: Error {
        var sentence: String
    }

    private let descriptor: Int32
    let path: String

    /// Makes the file.
    init(_ path: String, force: Bool) throws(Fault) {
        self.path = path
        // No link is followed: what it names could be anybody's.
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (force ? O_TRUNC : O_EXCL), 0o600)
        guard descriptor >= 0 else {
            throw Fault(
                sentence: errno == EEXIST
                    ? "\(path) exists; name another file, or add --force to write over it"
                    : "\(path) can't be written: \(String(cString: strerror(errno)))")
        }
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws(Fault) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Fault(sentence: "\(path) can't be written: \(String(cString: strerror(errno)))") }
            offset += count
        }
    }

    func write(_ text: String) throws(Fault) { try write(Array(text.utf8)) }

    /// Nothing more comes.
    func close() { _ = Glibc.close(descriptor) }
}
