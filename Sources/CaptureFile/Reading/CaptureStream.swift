import Glibc
import Wire

/// Reads a capture from a descriptor in large pieces and hands out its packets.
///
/// `read` into one buffer rather than a mapping of the file: a file that is cut while it is read then ends instead of killing the
/// process, pipes work alike, and what the process holds is the buffer, whatever the file's size.
public final class CaptureStream {
    /// How the file ended.
    public struct Ending: Sendable, Hashable {
        public var packets: UInt64 = 0
        public var bytes: UInt64 = 0
        /// Bytes of a record at the end that isn't whole.
        public var leftover = 0
        /// What made the rest unreadable.
        public var fault: CaptureFault?
        /// Packets whose interface isn't described.
        public var orphans: UInt64 = 0
    }

    private let descriptor: Int32
    private let buffer: UnsafeMutableRawBufferPointer
    private var filled = 0
    private var decoder = CaptureDecoder()
    private var ending = Ending()
    /// The file's length where it has one.
    public let length: UInt64?

    /// What is read at once: it should stay in a core's own cache until it is decoded, and must hold the longest block.
    private static let room = 2 << 20

    /// Opens a file; `-` is the standard input.
    public init(path: String) throws(CaptureFault) {
        descriptor = path == "-" ? dup(0) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .notFound(errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            let number = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : errno
            close(descriptor)
            throw .notFound(errno: number)
        }
        length = status.st_mode & S_IFMT == S_IFREG ? UInt64(max(status.st_size, 0)) : nil
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        buffer = .allocate(byteCount: CaptureStream.room, alignment: 4096)
    }

    deinit {
        close(descriptor)
        buffer.deallocate()
    }

    /// Hands out every packet with the bytes in which its ranges lie; `progress` hears of the bytes read after each piece.
    public func read(
        progress: (UInt64) -> Void = { _ in }, _ take: (CapturePacket, RawSpan) -> Void
    ) -> Ending {
        while ending.fault == nil {
            let count = fill()
            guard count > 0 else { break }
            decode(take)
            progress(ending.bytes)
        }
        ending.leftover = filled
        ending.orphans = decoder.orphans
        if ending.fault == nil, !decoder.hasBegun {
            let first = [UInt8](UnsafeRawBufferPointer(rebasing: buffer[..<min(filled, FileSignature.length)]))
            ending.fault = filled == 0 ? .empty : .notACapture(first: first)
        }
        return ending
    }

    private func fill() -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
            if count < 0, errno == EINTR { continue }
            if count < 0 { ending.fault = .readFailed(at: ending.bytes, errno: errno) }
            guard count > 0 else { return count }
            filled += count
            ending.bytes += UInt64(count)
            return count
        }
    }

    private func decode(_ take: (CapturePacket, RawSpan) -> Void) {
        let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
        var cursor = ByteCursor(bytes)
        var packets: UInt64 = 0
        do throws(CaptureFault) {
            while let packet = try decoder.next(&cursor) {
                packets &+= 1
                take(packet, bytes)
            }
        } catch {
            ending.fault = error
        }
        ending.packets &+= packets
        let rest = filled - cursor.offset
        if rest > 0, cursor.offset > 0, let base = buffer.baseAddress { memmove(base, base + cursor.offset, rest) }
        decoder.consumed(cursor.offset)
        filled = rest
    }
}
