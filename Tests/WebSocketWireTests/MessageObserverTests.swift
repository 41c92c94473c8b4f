import TestSupport
import Testing
import Wire

@testable import WebSocketWire

@Suite("Telling of messages") struct MessageObserverTests {
    private func messages(
        _ bytes: [UInt8], _ chunking: Chunking, from direction: Direction = .clientToServer, compressed: Bool = false,
        excerpt: Int = 16
    ) -> [MessageObserver.Message] {
        let list = compressed ? ExtensionList(Array("permessage-deflate".utf8).span.bytes) : ExtensionList()
        var observer = MessageObserver(
            direction: direction, agreement: ExtensionAgreement(offered: list, answered: list), excerptLength: excerpt)
        var messages: [MessageObserver.Message] = []
        for piece in chunking.pieces(of: bytes) {
            let piece = Array(piece)
            observer.observe(piece.span.bytes) { messages.append($0) }
        }
        return messages
    }

    private func message(_ opcode: Opcode, at offset: Int, size: UInt64, _ excerpt: String, fragments: UInt64 = 1)
        -> MessageObserver.Message
    {
        var message = MessageObserver.Message(opcode: opcode)
        message.offset = UInt64(offset)
        message.size = size
        message.excerpt = bytes(excerpt)
        message.fragments = fragments
        return message
    }

    @Test(arguments: Chunking.all)
    func `each message has its type, size, place and first bytes`(chunking: Chunking) {
        let all =
            masked(0x81, bytes("Hello")) + masked(0x02, bytes("first part, ")) + masked(0x89, bytes("ping"))
            + masked(0x00, bytes("second part")) + masked(0x80, []) + masked(0x88, bytes(0x03, 0xE8))
        #expect(
            messages(all, chunking) == [
                message(.text, at: 0, size: 5, "Hello"), message(.ping, at: 29, size: 4, "ping"),
                message(.binary, at: 11, size: 23, "first part, seco", fragments: 3),
                message(.close, at: 62, size: 2, "\u{3}").with(excerpt: bytes(0x03, 0xE8)),
            ])
    }

    @Test(arguments: Chunking.all)
    func `compressed messages show their text`(chunking: Chunking) {
        let deflater = Deflater()
        let text = Array(String(repeating: "again and ", count: 2000).utf8)
        let first = deflater.message(text)
        let second = deflater.message(text)
        let told = messages(
            masked(0xC1, first) + masked(0x81, bytes("plain")) + masked(0xC1, second), chunking, compressed: true)
        #expect(told.map(\.isCompressed) == [true, false, true])
        #expect(told.map(\.inflatedSize) == [20_000, nil, 20_000])
        #expect(told.map(\.size) == [UInt64(first.count), 5, UInt64(second.count)])
        #expect(told.map(\.excerpt) == [bytes("again and again "), bytes("plain"), bytes("again and again ")])
    }

    @Test(arguments: Chunking.all)
    func `what can't be inflated is told without its text`(chunking: Chunking) {
        let told = messages(
            masked(0xC1, bytes(0x07, 0x01)) + masked(0xC1, bytes(0x00)) + masked(0x81, bytes("on")), chunking,
            compressed: true)
        #expect(told.map(\.size) == [2, 1, 2])
        #expect(told.map(\.inflatedSize) == [nil, nil, nil])
        #expect(told.map(\.excerpt) == [[], [], bytes("on")])
    }

    @Test func `without excerpts nothing is copied`() {
        let told = messages(
            masked(0x81, bytes("Hello")) + masked(0xC1, bytes(0x07)), .whole, compressed: true, excerpt: 0)
        #expect(told.map(\.excerpt) == [[], []])
        #expect(told.map(\.size) == [5, 1])
    }

    @Test(arguments: Chunking.all)
    func `after a fault it is silent`(chunking: Chunking) {
        #expect(
            messages(
                unmasked(0x81, bytes("a")) + bytes(0x83, 0x00) + unmasked(0x81, bytes("b")), chunking,
                from: .serverToClient
            ).count == 1)
    }
}

extension MessageObserver.Message {
    fileprivate func with(excerpt: [UInt8]) -> MessageObserver.Message {
        var message = self
        message.excerpt = excerpt
        return message
    }
}
