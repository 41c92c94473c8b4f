import CaptureFile
import Glibc
import Telemetry

/// A file that is no capture of packets but JSON: a HAR document, or a ledger with an object a line.
enum TextFile {
    case har(HARFile, HAROmissions)
    /// The ledger's lines are read one by one, so that its length doesn't matter.
    case ledger(UnsafeMutablePointer<FILE>)

    /// The longest document that is read: as a tree it takes several times as much.
    static let longestDocument = 256 << 20

    /// What `path` holds if it begins like JSON; nil for everything else, and for the standard input and pipes, whose bytes come only once.
    static func open(_ path: String) throws(CommandFault) -> TextFile? {
        // Before it is opened: a pipe's writer would see its reader go.
        var status = stat()
        guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, let file = fopen(path, "re") else {
            return nil
        }
        var first = fgetc(file)
        while first == 0x20 || first == 0x0A || first == 0x0D || first == 0x09 || first == 0xEF || first == 0xBB || first == 0xBF {
            first = fgetc(file)
        }
        guard first == 0x7B else {
            fclose(file)
            return nil
        }
        rewind(file)
        if let line = line(of: file), LedgerValue(line)?["event"] != nil {
            rewind(file)
            return .ledger(file)
        }
        defer { fclose(file) }
        rewind(file)
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            guard count > 0 else { break }
            bytes += piece[..<count]
            if bytes.count > longestDocument {
                throw CommandFault(sentence: "\(path) is longer than a HAR document of 256 MiB, the most that is read")
            }
        }
        guard let har = HARFile(bytes) else {
            throw CommandFault(
                sentence:
                    "\(path) begins like JSON, but is neither a HAR document (log.entries) nor a ledger of Gatehouse (a line with \"event\")"
            )
        }
        return .har(har, HAROmissions(bytes, sessions: har.sessions.count))
    }

    /// The next line without its end; nil at the file's end. What is longer than any line of a ledger comes in pieces, which are no JSON.
    static func line(of file: UnsafeMutablePointer<FILE>) -> [UInt8]? {
        var buffer = [CChar](repeating: 0, count: 1 << 18)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
        return buffer.prefix { $0 != 0 && $0 != 0x0A }.map { UInt8(bitPattern: $0) }
    }
}
