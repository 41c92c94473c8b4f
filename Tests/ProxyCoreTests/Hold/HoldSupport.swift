import TestSupport
import WebSocketWire
import Wire

@testable import ProxyCore

extension SplitMix64 {
    mutating func below(_ limit: UInt64) -> UInt64 { next() % limit }
}

/// Frames of the client's and the backend's, and what a test reads of them.
enum HoldFrames {
    static let key: UInt32 = 0x37FA_213D

    static func client(_ opcode: Opcode, _ payload: some Collection<UInt8>, isFinal: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        FrameWriter.append(opcode, payload, isFinal: isFinal, maskingKey: key, to: &bytes)
        return bytes
    }

    static func server(_ opcode: Opcode, _ payload: some Collection<UInt8>, isFinal: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        FrameWriter.append(opcode, payload, isFinal: isFinal, to: &bytes)
        return bytes
    }

    static func text(_ text: String) -> [UInt8] { client(.text, text.utf8) }

    static func close(_ code: UInt16, masked: Bool) -> [UInt8] {
        FrameWriter.close(code: CloseCode(code), maskingKey: masked ? key : nil)
    }
}

/// Reads frames as a peer would, unmasked; messages are joined from their fragments.
struct FrameReader {
    struct Message: Equatable {
        var opcode: Opcode
        var payload: [UInt8]

        var text: String { String(decoding: payload, as: UTF8.self) }
    }

    private var parser: FrameParser
    private var header = FrameHeader(opcode: .binary, payloadLength: 0)
    private var control: [UInt8] = []
    private var data: [UInt8] = []
    private var opcode = Opcode.binary

    init(_ direction: Direction) { parser = FrameParser(direction: direction) }

    var isBetweenMessages: Bool { parser.isAtMessageBoundary }

    /// The messages and control frames that end in these bytes.
    mutating func read(_ bytes: [UInt8]) throws -> [Message] {
        var messages: [Message] = []
        var cursor = ByteCursor(bytes.span.bytes)
        while let event = try parser.next(&cursor) {
            switch event {
            case .header(let next):
                header = next
                if next.opcode.isControl {
                    control = []
                } else if next.opcode != .continuation {
                    opcode = next.opcode
                    data = []
                }
            case .payload(let range, let offset):
                var plain: [UInt8] = []
                Masking.append(bytes.span.bytes, range, key: header.maskingKey ?? 0, phase: offset, to: &plain)
                if header.opcode.isControl { control += plain } else { data += plain }
            case .end:
                if header.opcode.isControl {
                    messages.append(Message(opcode: header.opcode, payload: control))
                } else if header.isFinal {
                    messages.append(Message(opcode: opcode, payload: data))
                }
            }
        }
        return messages
    }
}

extension HoldRelay {
    mutating func fromClient(_ bytes: [UInt8], _ now: Timestamp, _ out: inout HoldOutput) {
        fromClient(bytes.span.bytes, now: now, claim: { _ in nil }, &out)
    }

    mutating func fromBackend(_ bytes: [UInt8], _ now: Timestamp, _ out: inout HoldOutput) {
        fromBackend(bytes.span.bytes, now: now, claim: { _ in nil }, &out)
    }
}
