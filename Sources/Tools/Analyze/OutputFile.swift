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
    ///
    /// - Parameter inputs: files that are still to be read: none of them is emptied, by whatever name.
    init(_ path: String, force: Bool, inputs: [String] = []) throws(Fault) {
        try self.init(opening: path, force: force, inputs: inputs)
        if force { empty() }
    }

    /// Makes several files. If one can't be made none is, and none is emptied; nor is one file both of two.
    static func together(_ paths: [String], force: Bool, inputs: [String] = []) throws(Fault) -> [OutputFile] {
        var files: [OutputFile] = []
        do throws(Fault) {
            for path in paths {
                let file = try OutputFile(opening: path, force: force, inputs: inputs)
                let own = file.identity
                let isTwice = own != nil && files.contains { $0.identity == own }
                files.append(file)
                if isTwice { throw Fault(sentence: "\(path) is to be written twice; name another file") }
            }
        } catch {
            for file in files {
                file.close()
                // Without force it is new, and ours.
                if !force { unlink(file.path) }
            }
            throw error
        }
        if force { for file in files { file.empty() } }
        return files
    }

    /// Opens the file, with what it has.
    private init(opening path: String, force: Bool, inputs: [String]) throws(Fault) {
        self.path = path
        if force, let own = OutputFile.identity(path), inputs.contains(where: { OutputFile.identity($0) == own }) {
            throw Fault(sentence: "\(path) is one of the files that are read; name another one to be written")
        }
        // No link is followed: what it names could be anybody's.
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (force ? 0 : O_EXCL), 0o600)
        guard descriptor >= 0 else {
            throw Fault(
                sentence: errno == EEXIST
                    ? "\(path) exists; name another file, or add --force to write over it"
                    : "\(path) can't be written: \(String(cString: strerror(errno)))")
        }
    }

    /// Which file a name stands for; nil where there is none.
    private static func identity(_ path: String) -> FileIdentity? {
        var status = stat()
        guard (path == "-" ? fstat(0, &status) : stat(path, &status)) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return FileIdentity(device: status.st_dev, number: status.st_ino)
    }

    /// Which file it is; nil where it is none that can be emptied, as a terminal.
    private var identity: FileIdentity? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return FileIdentity(device: status.st_dev, number: status.st_ino)
    }

    private func empty() { if identity != nil { _ = ftruncate(descriptor, 0) } }

    private struct FileIdentity: Equatable {
        var device: dev_t
        var number: ino_t
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
