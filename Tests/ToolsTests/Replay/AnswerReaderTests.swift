import HTTPWire
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import Tools

/// What the server says, held against the recorded answers as it comes, however it is cut.
@Suite struct AnswerReaderTests {
    private func script(_ answers: [(Opcode, [UInt8])]) throws -> SessionScript {
        let session = RecordedSession(
            number: 1, request: RequestHead(copy: Array("GET / HTTP/1.1\r\n\r\n".utf8)), startedAt: .zero, status: 101,
            messages: answers.map { RecordedSession.Message(direction: .serverToClient, at: .zero, opcode: $0.0, payload: $0.1) })
        return SessionScript(session, try RewriteRules([]))
    }

    /// What is found in the pieces of `frames`, one word each.
    private func found(
        _ pieces: [[UInt8]], _ script: SessionScript, agreement: ExtensionAgreement? = nil, keepsAll: Bool = false
    ) -> [String] {
        var reader = AnswerReader(agreement, keepsAll: keepsAll)
        var found: [String] = []
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        for piece in pieces {
            var cursor = ByteCursor(piece.span.bytes)
            while let next = reader.next(&cursor, script) {
                switch next {
                case .same: found.append("same")
                case .answer(let opcode, let bytes): found.append("\(opcode.name) \(text(bytes))")
                case .ping(let bytes): found.append("ping \(text(bytes))")
                case .close(let bytes): found.append("close \(bytes.count)")
                }
            }
        }
        if let fault = reader.fault { found.append(fault.name) }
        return found
    }

    private func pieces(_ frames: [UInt8]) -> [[[UInt8]]] { Chunking.all.map { $0.pieces(of: frames).map { Array($0) } } }

    @Test func `answers as they were recorded are the same, in one frame or several, with pings and pongs between`() throws {
        let script = try script([(.text, Array("one".utf8)), (.binary, [1, 2]), (.text, [])])
        let frames = bytes(
            0x81, 0x03, "one", 0x02, 0x01, 0x01, 0x89, 0x02, "hi", 0x8A, 0x00, 0x80, 0x01, 0x02, 0x81, 0x00, 0x88, 0x02, 0x03, 0xE8)
        for pieces in pieces(frames) {
            #expect(found(pieces, script) == ["same", "ping hi", "same", "same", "close 2"])
        }
    }

    @Test func `from the first that differs on each is told whole, where it begins like the recorded one as well`() throws {
        let script = try script([(.text, Array("one".utf8)), (.text, Array("twelve".utf8)), (.text, Array("three".utf8))])
        let frames = bytes(0x81, 0x03, "one", 0x01, 0x03, "twe", 0x80, 0x02, "ak", 0x81, 0x05, "three")
        for pieces in pieces(frames) { #expect(found(pieces, script) == ["same", "text tweak", "text three"]) }
    }

    @Test(arguments: ["twel", "twelve!", ""])
    func `shorter and longer ones differ`(_ text: String) throws {
        let script = try script([(.text, Array("twelve".utf8))])
        let frames = [0x81, UInt8(text.utf8.count)] + Array(text.utf8)
        for pieces in pieces(frames) { #expect(found(pieces, script) == ["text \(text)"]) }
    }

    @Test func `another type differs, and so does what comes after the last of the recording`() throws {
        #expect(try found([bytes(0x82, 0x01, "a")], script([(.text, [0x61])])) == ["binary a"])
        #expect(try found([bytes(0x81, 0x01, "a", 0x81, 0x01, "b")], script([(.text, [0x61])])) == ["same", "text b"])
    }

    @Test func `where the server's values are to be learnt every answer is told`() throws {
        #expect(try found([bytes(0x81, 0x01, "a")], script([(.text, [0x61])]), keepsAll: true) == ["text a"])
    }

    @Test func `compressed answers are compared by what stands in them`() throws {
        var agreed = ExtensionList()
        agreed.append(Array("permessage-deflate".utf8).span.bytes)
        let agreement = ExtensionAgreement(offered: agreed, answered: agreed)
        #expect(agreement.deflate != nil)
        // RFC 7692 §7.2.3.1: "Hello", then a ping, then "Hello" without compression, then another text.
        let frames = bytes(
            0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x89, 0x00, 0x81, 0x05, "Hello", 0x81, 0x05, "Howdy")
        let script = try script(Array(repeating: (.text, Array("Hello".utf8)), count: 3))
        for pieces in pieces(frames) {
            #expect(found(pieces, script, agreement: agreement) == ["same", "ping ", "same", "text Howdy"])
        }
    }

    @Test func `a broken frame ends the reading and is named`() throws {
        let told = try found([bytes(0x81, 0x01, "a", 0x83, 0x00)], script([(.text, [0x61])]))
        #expect(told.count == 2 && told.first == "same", "\(told)")
    }
}
