import TestSupport
import Testing
import Wire

@testable import CaptureFile

/// What waits behind a hole: whose bytes count, as of when they are told, and what they take of memory.
@Suite struct WaitingSegmentTests {
    @Test func `bytes that wait came first, whatever fills the hole before them`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 104, ack: 501, "def")
        tap.send(.client, .ack, seq: 109, ack: 501, "ij")
        tap.send(.client, .ack, seq: 101, ack: 501, "abcXXXghYYkl")
        #expect(tap.finish() == ["1 > abcdefghijkl", "1 [captureEnded]"])
    }

    @Test func `a segment that covers waiting ones adds only what lies around them`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 105, ack: 501, "e")
        tap.send(.client, .ack, seq: 108, ack: 501, "h")
        tap.send(.client, .ack, seq: 103, ack: 501, "cdXfgYij")
        tap.send(.client, .ack, seq: 100, ack: 501, "ZabZZZZZZZZk")
        #expect(tap.finish() == ["1 > abcdefghijk", "1 [captureEnded]"])
    }

    @Test func `what a snapshot cut off a waiting segment stays cut`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 103, ack: 501, "cdef", cut: 2)
        tap.send(.client, .ack, seq: 101, ack: 501, "abXXYYg")
        #expect(tap.finish() == ["1 > abcd", "1 > [missed 2]", "1 > g", "1 [captureEnded]"])
    }

    @Test func `what stands behind a gap is told as of when it came`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 101, ack: 501, "ab", after: 7)
        tap.send(.client, .ack, seq: 113, ack: 501, "cd", after: 100)
        tap.send(.client, .ack, seq: 115, ack: 501, "ef", after: 200)
        tap.send(.client, .ack, seq: 120, ack: 501, "gh", after: 300)
        tap.send(.server, .ack, seq: 501, ack: 122, after: 10)
        tap.send(.server, .ack, seq: 501, ack: 122, after: 2000)
        #expect(tap.listener.lines == ["1 > ab", "1 > [missed 10]", "1 > cdef", "1 > [missed 3]", "1 > gh"])
        #expect(tap.listener.times == [1010, 1110, 1110, 1310, 1610, 1610])
    }

    @Test func `what a later packet lets go is told as of that packet, so that times don't run back`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 104, ack: 501, "de", after: 7)
        tap.send(.client, .ack, seq: 108, ack: 501, "hi", after: 100)
        tap.send(.client, .ack, seq: 101, ack: 501, "abc", after: 200)
        tap.send(.server, .ack, seq: 501, ack: 110, after: 10)
        tap.send(.server, .ack, seq: 501, ack: 110, after: 2000)
        #expect(tap.listener.lines == ["1 > abcde", "1 > [missed 2]", "1 > hi"])
        #expect(tap.listener.times == [1310, 1310, 1310, 1310])
    }

    @Test func `what comes behind waiting bytes in one segment is told no earlier than they are`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 104, ack: 501, "def", after: 197)
        // The capture's clock ran back.
        tap.clock = Timestamp(nanoseconds: 1_099_000_000)
        tap.send(.client, .ack, seq: 101, ack: 501, "abcXXXghi")
        #expect(tap.listener.lines == ["1 > abcdefghi"])
        #expect(tap.listener.times == [1100, 1200, 1200])
    }

    @Test func `nothing waits for a connection that was let go while its bytes were handed out`() {
        var tap = Wiretap()
        tap.listener.wants = { $0 != "x" }
        tap.handshake()
        tap.send(.server, .ack, seq: 504, ack: 101, "x")
        tap.send(.server, [.fin, .ack], seq: 505, ack: 101)
        tap.send(.client, [.fin, .ack], seq: 105, ack: 501, "yy")
        #expect(tap.listener.lines == ["1 < [missed 3]", "1 < x"])
        #expect(tap.reassembler.pendingCost == 0 && tap.reassembler.pending.isEmpty)
    }

    @Test func `short segments cost what they take of memory, and nothing once they are taken`() {
        var waiting = PendingSegments()
        for index in 0..<1000 {
            waiting.insert(.init(sequence: UInt32(index) * 2, bytes: [1], cut: 0, came: .zero))
            waiting.insert(.init(sequence: UInt32(index) * 2, bytes: [2], cut: 0, came: .zero))
        }
        #expect(waiting.segments.count == 1000)
        #expect(waiting.cost >= 64_000)
        waiting.insert(.init(sequence: 0, bytes: [], cut: 2000, came: .zero))
        #expect(waiting.segments.count == 2000)
        for index in 0..<2000 { #expect(waiting.take(from: UInt32(index))?.length == 1) }
        #expect(waiting.isEmpty)
        #expect(waiting.cost == 0)
    }
}
