import CLinux
import CaptureFile
import Configuration
import Glibc
import Wire

/// The files of a capture: one that is written, and those before it, within a bound.
///
/// Names tell when and by whom: `gatehouse-20261121T073012.123Z-4711-0001.pcapng`; by name is by age. Files are made anew and never written over,
/// for their owner alone, and no link is followed. How bytes get into them is `CaptureOutput`'s.
///
/// While files fill within seconds, the eldest is not deleted but becomes the next one: the disk keeps its places, which read as zeros until they are written
/// (`clinux_take_over_file`). Such a file has its true length once it is closed.
struct CaptureFolder: ~Copyable {
    private(set) var settings: CaptureSettings
    private(set) var name: String?
    private var output: CaptureOutput?
    private var openedAt: UInt64 = 0
    private var number = 0
    /// The file that the next one may be made of.
    private var spare: String?

    /// What could not be done.
    struct Failure: Error {
        /// `create`, `write`, `directory`.
        var operation: String
        var errno: Int32
    }

    init(_ settings: CaptureSettings) { self.settings = settings }

    var isOpen: Bool { output != nil }
    var directory: String { settings.directory ?? "." }

    /// Takes up other settings; the present file goes on where the directory is the same.
    mutating func adopt(_ settings: CaptureSettings) {
        if settings.directory != self.settings.directory { close() }
        self.settings = settings
    }

    /// Whether a new file is due.
    func isDue(_ now: UInt64, _ buffer: borrowing CaptureBuffer) -> Bool {
        switch output {
        case .some(let output):
            output.size(with: buffer) >= settings.rotateSize || age(now) >= settings.rotateTime.nanoseconds
        case nil: false
        }
    }

    /// A file that is due after so short a time comes of a stream that the disk barely follows.
    private static let haste: UInt64 = 5_000_000_000

    /// Whether the present file filled in haste.
    func isHasty(_ now: UInt64) -> Bool { output != nil && age(now) < CaptureFolder.haste }

    /// How long the present file has been open. The times are the wall clock's, which may be set back: then it is as new.
    private func age(_ now: UInt64) -> UInt64 { now > openedAt ? now - openedAt : 0 }

    /// Whether something that was encoded isn't in the file.
    func isBehind(_ buffer: borrowing CaptureBuffer) -> Bool {
        switch output {
        case .some(let output): output.isBehind(buffer)
        case nil: false
        }
    }

    /// Whether the disk wants larger units than sectors.
    var wantsPages: Bool {
        switch output {
        case .some(let output): output.wantsPages
        case nil: false
        }
    }

    /// How many encoded bytes are not in the file.
    func unsaved(_ buffer: borrowing CaptureBuffer) -> Int {
        switch output {
        case .some(let output): output.unsaved(buffer)
        case nil: 0
        }
    }

    /// Begins a file.
    mutating func open(_ now: UInt64) throws(Failure) {
        try makeDirectory()
        number += 1
        let name = CaptureFolder.name(now, number)
        let made = try make(directory + "/" + name)
        output = CaptureOutput(descriptor: made.descriptor, isLonger: made.isLonger)
        openedAt = now
        self.name = name
    }

    /// Writes whole blocks, or none of them (`CaptureOutput.write`). After a failure the file is closed.
    ///
    /// - Returns: what came into the file, and what is lost.
    mutating func write(
        _ buffer: inout CaptureBuffer, fresh: (downstream: UInt64, upstream: UInt64), isLate: Bool
    ) -> (written: CaptureOutput.Written, lost: (downstream: UInt64, upstream: UInt64), failure: Failure?) {
        guard var output = self.output.take() else { return (CaptureOutput.Written(), fresh, nil) }
        do throws(Failure) {
            let written = try output.write(&buffer, fresh: fresh, isLate: isLate)
            self.output = consume output
            return (written, (0, 0), nil)
        } catch {
            let lost = output.lost
            // Where there was no room for a single block, no file is left either.
            if output.isEmpty, let name { unlink(directory + "/" + name) }
            name = nil
            return (CaptureOutput.Written(), lost, error)
        }
    }

    mutating func close() {
        output = nil
        name = nil
    }

    /// A descriptor of a new file: made of the one that was spared, if that can be, or out of nothing.
    private mutating func make(_ path: String) throws(Failure) -> (descriptor: Int32, isLonger: Bool) {
        defer { spare = nil }
        if let spare {
            let taken = clinux_take_over_file(spare, path, off_t(clamping: settings.rotateSize + CaptureFolder.slack))
            if taken >= 0 { return (taken, true) }
            unlink(spare)
        }
        let made = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(0o600))
        guard made >= 0 else { throw Failure(operation: "create", errno: errno) }
        return (made, false)
    }

    /// How much longer than `rotate.size` a file may be.
    private static let slack: UInt64 = 16 << 20

    /// Deletes the eldest files until there is room for another one; their names.
    ///
    /// - Parameter inHaste: the last of them is spared, for the next file to be made of.
    mutating func makeRoom(inHaste: Bool = false) -> [String] {
        var files = CaptureFolder.files(directory)
        var sum = files.reduce(0) { $0 + $1.size }
        var deleted: [String] = []
        while sum + settings.rotateSize > settings.total, let eldest = files.first {
            files.removeFirst()
            guard eldest.name != name else { continue }
            sum -= eldest.size
            if inHaste, sum + settings.rotateSize <= settings.total {
                spare = directory + "/" + eldest.name
                deleted.append(eldest.name)
            } else if unlink(directory + "/" + eldest.name) == 0 {
                deleted.append(eldest.name)
            }
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
