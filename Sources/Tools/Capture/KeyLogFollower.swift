import Glibc

/// Reads a TLS key log and goes on as it grows.
///
/// Only lines that are keys are taken: a label in capitals, the client's random, the secret, all in hexadecimal. A capture is handed on, so
/// nothing else of a file that was named by mistake may get into it.
final class KeyLogFollower {
    private let descriptor: Int32
    private var partial: [UInt8] = []
    /// Lines that are neither keys nor comments nor empty.
    private(set) var foreign = 0
    /// Keys that were taken.
    private(set) var keys = 0

    /// The longest line that can be a key: label, 64 digits, 128 at most.
    private static let longest = 512

    init(path: String) throws(CommandFault) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw CommandFault(sentence: "the key log can't be read: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// The keys that came since the last call, a line each; empty where none did.
    func next() -> [UInt8] {
        var found: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &room, room.count)
            guard count > 0 else { return found }
            for byte in room[..<count] {
                guard byte == 0x0A else {
                    if partial.count <= KeyLogFollower.longest { partial.append(byte) }
                    continue
                }
                if partial.last == 0x0D { partial.removeLast() }
                if KeyLogFollower.isKey(partial) {
                    found += partial + [0x0A]
                    keys += 1
                } else if let first = partial.first, first != 0x23 {
                    foreign += 1
                }
                partial.removeAll(keepingCapacity: true)
            }
        }
    }

    /// `CLIENT_TRAFFIC_SECRET_0 <64 digits> <digits>`.
    static func isKey(_ line: [UInt8]) -> Bool {
        guard line.count <= longest else { return false }
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3 else { return false }
        let isLabel = words[0].allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        func isHexadecimal(_ word: ArraySlice<UInt8>) -> Bool {
            word.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || (0x41...0x46).contains($0) }
        }
        return isLabel && words[0].count >= 4 && words[1].count == 64 && isHexadecimal(words[1])
            && (64...256).contains(words[2].count) && words[2].count % 2 == 0 && isHexadecimal(words[2])
    }
}
