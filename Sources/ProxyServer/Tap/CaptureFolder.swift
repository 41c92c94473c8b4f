import CLinux
import Configuration
import Glibc
import Wire

/// The files of a capture: one that is written, and those before it, within a bound.
///
/// Names tell when and by whom: `gatehouse-20261121T073012.123Z-4711-0001.pcapng`; by name is by age. Files are made anew and never written over,
/// for their owner alone, and no link is followed. What a full disk takes only a part of is cut back to whole blocks.
struct CaptureFolder: ~Copyable {
    private(set) var settings: CaptureSettings
    private(set) var name: String?
    private var descriptor: Int32 = -1
    private var size: UInt64 = 0
    private var openedAt: UInt64 = 0
    private var number = 0

    /// What could not be done.
    struct Failure: Error {
        /// `create`, `write`, `directory`.
        var operation: String
        var errno: Int32
    }

    init(_ settings: CaptureSettings) { self.settings = settings }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    var isOpen: Bool { descriptor >= 0 }
    var directory: String { settings.directory ?? "." }

    /// Takes up other settings; the present file goes on where the directory is the same.
    mutating func adopt(_ settings: CaptureSettings) {
        if settings.directory != self.settings.directory { close() }
        self.settings = settings
    }

    /// Whether a new file is due.
    func isDue(_ now: UInt64) -> Bool {
        isOpen && (size >= settings.rotateSize || now - openedAt >= settings.rotateTime.nanoseconds)
    }

    /// Begins a file.
    mutating func open(_ now: UInt64) throws(Failure) {
        try makeDirectory()
        number += 1
        let name = CaptureFolder.name(now, number)
        let made = Glibc.open(
            directory + "/" + name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(0o600))
        guard made >= 0 else { throw Failure(operation: "create", errno: errno) }
        descriptor = made
        size = 0
        openedAt = now
        self.name = name
    }

    /// Writes whole blocks, or none of them.
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        guard let base = bytes.baseAddress else { return }
        var offset = 0
        while offset < bytes.count {
            let count = Glibc.write(descriptor, base + offset, bytes.count - offset)
            if count > 0 {
                offset += count
            } else if errno != EINTR {
                let failure = errno
                _ = ftruncate(descriptor, off_t(size))
                throw Failure(operation: "write", errno: failure)
            }
        }
        size += UInt64(offset)
    }

    mutating func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
        name = nil
    }

    /// Deletes the eldest files until there is room for another one; their names.
    func makeRoom() -> [String] {
        var files = CaptureFolder.files(directory)
        var sum = files.reduce(0) { $0 + $1.size }
        var deleted: [String] = []
        while sum + settings.rotateSize > settings.total, let eldest = files.first {
            files.removeFirst()
            guard eldest.name != name else { continue }
            if unlink(directory + "/" + eldest.name) == 0 { deleted.append(eldest.name) }
            sum -= eldest.size
        }
        return deleted
    }

    private func makeDirectory() throws(Failure) {
        if mkdir(directory, mode_t(0o700)) == 0 || errno == EEXIST { return }
        throw Failure(operation: "directory", errno: errno)
    }

    /// The captures in a directory, the eldest first.
    static func files(_ directory: String) -> [(name: String, size: UInt64)] {
        guard let folder = opendir(directory) else { return [] }
        defer { closedir(folder) }
        var files: [(name: String, size: UInt64)] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix("gatehouse-"), name.hasSuffix(".pcapng") else { continue }
            var facts = stat()
            guard lstat(directory + "/" + name, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { continue }
            files.append((name, UInt64(max(0, facts.st_size))))
        }
        return files.sorted { $0.name < $1.name }
    }

    private static func name(_ now: UInt64, _ number: Int) -> String {
        var seconds = time_t(now / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = padded(Int(parts.tm_year) + 1900, 4) + padded(Int(parts.tm_mon) + 1, 2) + padded(Int(parts.tm_mday), 2)
        let time = padded(Int(parts.tm_hour), 2) + padded(Int(parts.tm_min), 2) + padded(Int(parts.tm_sec), 2)
        let millis = padded(Int(now / 1_000_000 % 1000), 3)
        return "gatehouse-\(date)T\(time).\(millis)Z-\(clinux_pid())-\(padded(number, 4)).pcapng"
    }
}
