import CaptureFile
import Glibc
import Wire

/// The packets of some sessions out of the files of a tap.
///
/// A tap names the session on the first packet of each of its conversations; from there on its addresses and ports tell. The files are read
/// one after another and never held; what was found is, up to a limit.
final class CaptureExtract {
    private var encoder = CaptureEncoder(capacity: 1 << 20)
    private let wanted: Set<SessionID>
    private var segments = SegmentDecoder()
    private var keys: Set<ConnectionKey> = []
    /// Sessions of which there is a beginning.
    private(set) var found: Set<SessionID> = []
    private(set) var packets = 0
    /// Packets for which there was no room.
    private(set) var omitted = 0
    /// Files that could not be read, one sentence each.
    private(set) var faults: [String] = []

    /// Bytes that a bundle takes.
    static let limit = 256 << 20

    init(sessions: Set<SessionID>) {
        wanted = sessions
        encoder.begin(application: "Gatehouse \(Version.text), bundle")
    }

    /// Reads every capture of a folder, the oldest first.
    func read(folder: String) throws(CommandFault) {
        guard let directory = opendir(folder) else {
            throw CommandFault(sentence: "\(folder) can't be read: \(String(cString: strerror(errno)))")
        }
        defer { closedir(directory) }
        var files: [(changed: Int, path: String)] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard name.hasSuffix(".pcapng") || name.hasSuffix(".pcap") else { continue }
            var status = stat()
            guard stat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            files.append((status.st_mtim.tv_sec, "\(folder)/\(name)"))
        }
        for file in files.sorted(by: { ($0.changed, $0.path) < ($1.changed, $1.path) }) { read(file: file.path) }
    }

    private func read(file path: String) {
        do throws(CaptureFault) {
            let ending = try CaptureStream(path: path).read { packet, bytes in self.take(packet, bytes) }
            // The file that is being written ends in the middle of a packet, which is no fault.
            if let fault = ending.fault { throw fault }
        } catch {
            faults.append("\(path.split(separator: "/").last ?? ""): \(error.description)")
        }
    }

    private func take(_ packet: CapturePacket, _ bytes: RawSpan) {
        let key: ConnectionKey
        let isFirst: Bool
        switch segments.decode(packet, bytes) {
        case .segment(let segment), .assembled(let segment):
            key = segment.key
            isFirst = segment.flags.contains(.syn) && !segment.flags.contains(.ack)
        case .none: return
        }
        let comment = packet.comment.flatMap { TapComment(bytes.copied($0)) }
        if let session = comment?.session {
            if wanted.contains(session) {
                keys.insert(key)
                found.insert(session)
            } else {
                keys.remove(key)
            }
        } else if isFirst {
            // The ports came back for somebody else.
            keys.remove(key)
        }
        guard keys.contains(key) else { return }
        guard encoder.buffer.count < CaptureExtract.limit else {
            omitted += 1
            return
        }
        packets += 1
        encoder.packet(
            bytes.extracting(packet.bytes), originalLength: packet.originalLength, at: packet.time,
            interface: min(packet.interface, 1), comment: packet.comment.map { bytes.copied($0) })
    }

    /// The file that came of it.
    var file: [UInt8] { encoder.buffer.copied() }
}
