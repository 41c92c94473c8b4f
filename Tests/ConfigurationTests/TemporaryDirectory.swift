import Glibc
import Testing

/// A directory of a test's own, removed with its last reference.
final class TemporaryDirectory {
    let path: String
    private var written: [String] = []

    init() throws {
        var template = Array("/tmp/gatehouse-configuration-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit {
        for name in written.reversed() { remove(name) }
        rmdir(path)
    }

    /// Writes a file, making the directory in front of it, and gives its path.
    @discardableResult func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        if let slash = name.lastIndex(of: "/") {
            let directory = "\(path)/\(name[..<slash])"
            if mkdir(directory, 0o700) == 0 { written.append(directory) }
        }
        written.append(file)
        let stream = try #require(fopen(file, "w"))
        fputs(text, stream)
        fclose(stream)
        return file
    }

    /// The text of a file, or nil.
    static func read(_ path: String) -> String? {
        guard let stream = fopen(path, "r") else { return nil }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var next = getc(stream)
        while next != EOF {
            bytes.append(UInt8(truncatingIfNeeded: next))
            next = getc(stream)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The top of the package, found from this file.
let packageRoot = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
