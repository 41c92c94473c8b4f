import Glibc

/// Why a file can't be read as a capture, or not any further. `description` says what was observed, what was expected and what to do.
public enum CaptureFault: Error, Sendable, Hashable, CustomStringConvertible {
    case notFound(errno: Int32)
    case empty
    /// The first bytes, up to `FileSignature.length` of them, are no capture's.
    case notACapture(first: [UInt8])
    case compressed(with: String)
    case unsupportedVersion(major: UInt16, minor: UInt16)
    /// A packet of more bytes than any has.
    case packetTooLong(at: UInt64, length: UInt64)
    /// A block whose two lengths differ, or which is too short for what it must hold.
    case brokenBlock(at: UInt64, length: UInt64)
    case badTimeResolution(at: UInt64, value: UInt8)
    case tooManyInterfaces(at: UInt64)
    case readFailed(at: UInt64, errno: Int32)

    public var description: String {
        switch self {
        case .notFound(let errno): "the file can't be opened (\(CaptureFault.words(errno))); give the path of one that can be read"
        case .empty: "the file is empty; expected is \(CaptureFault.expected)"
        case .notACapture(let first):
            "the file begins with \(CaptureFault.hexadecimal(first))\(FileSignature.words(first).map { ", like \($0);" } ?? ";") expected is \(CaptureFault.expected)"
        case .compressed(let program): "the file is compressed: \(program) it first"
        case .unsupportedVersion(let major, let minor):
            "the file has version \(major).\(minor) of its format; pcap 2.x and pcapng 1.x are read. Convert it: editcap -F pcapng"
        case .packetTooLong(let at, let length):
            "at byte \(at) a packet claims \(length) bytes, more than any packet has (\(CaptureLimits.packet)): the file is damaged from there on"
        case .brokenBlock(let at, let length):
            "the block at byte \(at) claims \(length) bytes, which doesn't fit what it holds: the file is damaged from there on"
        case .badTimeResolution(let at, let value):
            "the interface at byte \(at) has time resolution \(value), which is no unit of time: the file is damaged"
        case .tooManyInterfaces(let at):
            "at byte \(at) a section describes more than \(CaptureLimits.interfaces) interfaces: the file is damaged"
        case .readFailed(let at, let errno): "reading failed at byte \(at) (\(CaptureFault.words(errno)))"
        }
    }

    /// What is read, by the commands that read a file.
    private static let expected = "a capture (pcap or pcapng), a HAR document or a ledger of Gatehouse"

    private static func words(_ errno: Int32) -> String { String(cString: strerror(errno)) }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }
}

/// Bounds on what a file may claim.
public enum CaptureLimits {
    /// The most bytes of one packet: twice the largest that a kernel hands out in one piece (BIG TCP).
    public static let packet = 1 << 20
    /// The most bytes of one packet's block in pcapng, options included.
    public static let block = packet + (64 << 10)
    /// Interfaces of one section.
    public static let interfaces = 4096
}
