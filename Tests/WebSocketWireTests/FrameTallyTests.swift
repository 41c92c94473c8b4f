import TestSupport
import Testing
import Wire

@testable import WebSocketWire

@Suite("Counting frames on the relay") struct FrameTallyTests {
    @Test(arguments: Chunking.all)
    func `frames and bytes are counted by class wherever they are cut`(chunking: Chunking) {
        let all =
            masked(0x81, bytes("one")) + masked(0x81, bytes("two")) + masked(0x82, [UInt8](repeating: 7, count: 300))
            + masked(0x01, bytes("frag")) + masked(0x89, bytes("p")) + masked(0x00, bytes("me"))
            + masked(0x80, bytes("nt"))
            + masked(0x8A, bytes("pong")) + masked(0x82, []) + masked(0x81, [UInt8](repeating: 0x61, count: 70_000))
        let (tally, notices) = tally(all, chunking)
        #expect(tally.counts.text == FrameCount(frames: 4, bytes: 70_010))
        #expect(tally.counts.binary == FrameCount(frames: 2, bytes: 300))
        #expect(tally.counts.continuation == FrameCount(frames: 2, bytes: 4))
        #expect(tally.counts.ping == FrameCount(frames: 1, bytes: 1))
        #expect(tally.counts.pong == FrameCount(frames: 1, bytes: 4))
        #expect(tally.counts.close == FrameCount())
        #expect(tally.messages == 6)
        #expect(tally.largestMessage == 70_000)
        #expect(tally.offset == UInt64(all.count))
        #expect(tally.isAtMessageBoundary)
        #expect(tally.fault == nil)
        #expect(notices == [.messageEnded, .sawPing, .sawPong])
        #expect(tally.lastPing == nil, "payloads are kept only when asked for")
    }

    /// The run and the parser must tell the same story, whatever the frames.
    @Test(arguments: UInt64(1)...40)
    func `the fast way counts what the slow way counts`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let direction: Direction = seed % 2 == 0 ? .clientToServer : .serverToClient
        var all: [UInt8] = []
        while all.count < 20_000 {
            let sizes = [0, 1, 5, 125, 126, 127, 128, 300, Int(random.next() % 700)]
            let payload = [UInt8](
                repeating: UInt8(truncatingIfNeeded: random.next()), count: sizes[Int(random.next() % 9)])
            let firsts = [0x81, 0x82, 0xC1, 0x89, 0x8A]
            let first = payload.count > 125 ? firsts[Int(random.next() % 3)] : firsts[Int(random.next() % 5)]
            let frame = direction == .clientToServer ? masked(first, payload) : unmasked(first, payload)
            for _ in 0...(random.next() % 4) { all += frame }
        }
        if seed % 5 == 0 { all += bytes(0x83, 0x00) + bytes("garbage") }
        let told = tell(all, from: direction, allowing: 0b100)
        var expected = FrameCounts()
        for frame in told.frames {
            expected[frame.header.opcode].frames += 1
            expected[frame.header.opcode].bytes += UInt64(frame.payload.count)
        }
        for chunking in Chunking.all {
            let (tally, _) = tally(all, chunking, from: direction, allowing: 0b100)
            #expect(tally.counts == expected, "\(chunking)")
            #expect(tally.offset == told.offset)
            #expect(tally.fault == told.fault)
            #expect(tally.messages == expected.text.frames + expected.binary.frames)
            #expect(tally.isAtFrameBoundary == told.isAtFrameBoundary)
        }
    }

    @Test(arguments: Chunking.all)
    func `the first close is kept with code and reason`(chunking: Chunking) {
        let all = masked(0x81, bytes("x")) + masked(0x88, bytes(0x03, 0xE9, "bye")) + masked(0x88, bytes(0x03, 0xE8))
        let (tally, notices) = tally(all, chunking)
        #expect(tally.close?.code == .goingAway)
        #expect(tally.close?.reason == "bye")
        #expect(tally.close?.fault == nil)
        #expect(notices.contains(.sawClose))
        #expect(notices.contains(.sawFrameAfterClose))
        #expect(tally.counts.close.frames == 2)
    }

    @Test(arguments: Chunking.all)
    func `data after a close is counted and noticed`(chunking: Chunking) {
        let (tally, notices) = tally(
            unmasked(0x88, []) + unmasked(0x81, bytes("late")), chunking, from: .serverToClient)
        #expect(tally.close?.reasonBytes == [])
        #expect(tally.close?.code == nil)
        #expect(notices.contains(.sawFrameAfterClose))
        #expect(tally.counts.text.frames == 1)
    }

    @Test(arguments: Chunking.all)
    func `a bad close payload is a fault and the close is kept`(chunking: Chunking) {
        let (tally, notices) = tally(
            unmasked(0x81, bytes("ab")) + unmasked(0x88, bytes(0x03, 0xED)), chunking, from: .serverToClient)
        #expect(tally.fault == LocatedFault(.closeCodeInvalid, at: 4))
        #expect(tally.close?.code == .noCode)
        #expect(notices.isSuperset(of: [.sawClose, .sawFault]))
        #expect(!tally.isDesynchronised, "the frame's own bounds are sound")
    }

    @Test(arguments: Chunking.all)
    func `bytes that are not frames are kept as evidence`(chunking: Chunking) {
        let answer = bytes("HTTP/1.1 500 Internal Server Error\r\ncontent-length: 21\r\n\r\nInternal Server Error")
        let (tally, notices) = tally(unmasked(0x81, bytes("ok")) + answer, chunking, from: .serverToClient)
        #expect(tally.fault == LocatedFault(.reservedBits, at: 4))
        #expect(answer.starts(with: tally.faultExcerpt))
        #expect(tally.faultExcerpt.count >= 2)
        if chunking.description == "whole" { #expect(tally.faultExcerpt == Array(answer[..<64])) }
        #expect(notices.contains(.sawFault))
        #expect(tally.counts.total.frames == 1)
    }

    @Test(arguments: Chunking.all)
    func `after a fault a tally stays silent and keeps its counts`(chunking: Chunking) {
        let all = unmasked(0x81, bytes("ok")) + bytes(0x83, 0x00) + unmasked(0x81, bytes("more"))
        let (tally, _) = tally(all, chunking, from: .serverToClient)
        #expect(tally.counts.total == FrameCount(frames: 1, bytes: 2))
        #expect(tally.isDesynchronised)
        #expect(!tally.isAtFrameBoundary, "nothing of ours may be put behind bytes that nobody understands")
    }

    @Test(arguments: Chunking.all)
    func `payloads of pings and pongs are kept when asked for`(chunking: Chunking) {
        let all =
            masked(0x89, bytes("a")) + masked(0x01, bytes("x")) + masked(0x8A, bytes("first")) + masked(0x8A, [])
            + masked(0x80, bytes("y")) + masked(0x89, [UInt8](repeating: 9, count: 125))
        let (tally, _) = tally(all, chunking, keepingHeartbeats: true)
        #expect(tally.lastPing == [UInt8](repeating: 9, count: 125))
        #expect(tally.lastPong == [])
    }

    @Test func `a torn frame is no boundary and its bytes count`() {
        let (tally, notices) = tally(Array(masked(0x82, [UInt8](repeating: 1, count: 1000))[..<500]))
        #expect(!tally.isAtFrameBoundary)
        #expect(tally.counts.binary == FrameCount(frames: 0, bytes: 492))
        #expect(tally.largestMessage == 492)
        #expect(notices.isEmpty)
    }

    @Test(arguments: Chunking.all)
    func `a flood of empty continuations changes nothing but numbers`(chunking: Chunking) {
        // E16: no object per fragment.
        var all = unmasked(0x01, bytes("x"))
        for _ in 0..<2_000 { all += bytes(0x00, 0x00) }
        let (tally, _) = tally(all, chunking, from: .serverToClient)
        #expect(tally.counts.continuation == FrameCount(frames: 2_000, bytes: 0))
        #expect(tally.rare.isEmpty)
        #expect(tally.messages == 0)
    }

    @Test func `copies of a tally do not share`() {
        var first = tally(unmasked(0x88, bytes(0x03, 0xE8)), from: .serverToClient).tally
        let second = first
        let late = bytes(0x83, 0x00)
        _ = first.observe(late.span.bytes)
        #expect(first.fault?.fault == .reservedOpcode)
        #expect(second.fault == nil)
    }

    @Test func `both tallies of an idle session fit in 400 bytes`() {
        #expect(MemoryLayout<FrameTally>.stride * 2 <= 400)
        #expect(tally(masked(0x81, bytes("x"))).tally.rare.isEmpty)
    }
}
