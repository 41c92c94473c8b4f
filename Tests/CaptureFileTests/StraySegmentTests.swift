import CaptureFile
import TestSupport
import Testing
import Wire

/// Ends and beginnings that are none, and those that are one though part of them is not in the capture.
@Suite struct StraySegmentTests {
    @Test(arguments: [-5_000_000, -2, 100_000_000])
    func `a FIN far from its direction's place ends nothing, and the true one still counts`(offset: Int) {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 101, ack: 501, "ab")
        tap.send(.client, [.fin, .ack], seq: UInt32(truncatingIfNeeded: 103 + offset), ack: 501)
        tap.send(.client, .ack, seq: 103, ack: 501, "cd")
        tap.send(.client, [.fin, .ack], seq: 105, ack: 501)
        #expect(tap.finish() == ["1 > abcd", "1 > [fin]", "1 [captureEnded]"])
        #expect(tap.reassembler.counts.missingBytes == 0)
    }

    @Test func `a FIN that waits ahead gives way to one that follows on what is known`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 101, ack: 501, "ab")
        tap.send(.client, [.fin, .ack], seq: 5000, ack: 501)
        tap.send(.client, [.fin, .ack], seq: 103, ack: 501, "cd")
        #expect(tap.finish() == ["1 > abcd", "1 > [fin]", "1 [captureEnded]"])
    }

    @Test func `a FIN behind more than a window of lost bytes counts where the other end has them`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 101, ack: 501, "ab")
        tap.send(.server, .ack, seq: 501, ack: 50_000_000)
        tap.send(.client, [.fin, .ack], seq: 50_000_000, ack: 501)
        #expect(tap.finish() == ["1 > ab", "1 > [missed 49999897]", "1 > [fin]", "1 [captureEnded]"])
    }

    @Test(arguments: [Segment.Flags.fin, .rst])
    func `an end behind what waits counts, however much was lost before that`(end: Segment.Flags) {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 101, ack: 501, "ab")
        tap.send(.client, .ack, seq: 500_000_103, ack: 501, "last words")
        tap.send(.client, [end, .ack], seq: 500_000_113, ack: 501)
        let name = end == .fin ? ["1 > [fin]", "1 [captureEnded]"] : ["1 > [rst]", "1 [ended]"]
        #expect(tap.finish() == ["1 > ab", "1 > [missed 500000000]", "1 > last words"] + name)
    }

    @Test func `an RST behind its direction's place is a blind shot`() {
        var tap = Wiretap()
        tap.handshake(server: 1_000_000)
        tap.send(.server, .ack, seq: 1_000_001, ack: 101, "ab")
        tap.send(.client, .ack, seq: 101, ack: 1_000_003)
        tap.send(.server, .rst, seq: 100_001)
        tap.send(.client, .ack, seq: 101, ack: 1_000_003, "more")
        #expect(tap.finish() == ["1 < ab", "1 > more", "1 [captureEnded]"])
    }

    @Test func `an RST that answers a segment has the number which that acknowledged`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.server, .ack, seq: 501, ack: 101, "abcd")
        tap.send(.client, .ack, seq: 101, ack: 503, "x")
        tap.send(.server, .rst, seq: 503)
        #expect(tap.finish() == ["1 < abcd", "1 > x", "1 < [rst]", "1 [ended]"])
    }

    @Test func `where the capture lost the SYN-ACK, a later RST is no refusal`() {
        var heard: [[String]] = []
        for hasAnswer in [true, false] {
            var tap = Wiretap()
            tap.send(.client, .syn, seq: 100)
            tap.send(.client, .ack, seq: 101, ack: 501)
            tap.send(.client, .ack, seq: 101, ack: 501, "GET")
            if hasAnswer { tap.send(.server, .ack, seq: 501, ack: 104, "101") }
            tap.send(.server, [.rst, .ack], seq: hasAnswer ? 504 : 501, ack: 104)
            heard.append(tap.finish())
            #expect(tap.reassembler.counts.refused == 0)
        }
        #expect(heard == [["1 > GET", "1 < 101", "1 < [rst]", "1 [ended]"], ["1 > GET", "1 < [rst]", "1 [ended]"]])
    }

    @Test func `an RST that answers what was sent before the FIN was seen has the FIN's number`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.server, [.fin, .ack], seq: 501, ack: 101)
        tap.send(.client, .ack, seq: 101, ack: 501, "more")
        tap.send(.client, .ack, seq: 105, ack: 502)
        tap.send(.server, .rst, seq: 501)
        #expect(tap.finish() == ["1 < [fin]", "1 > more", "1 [ended]"])
    }

    @Test func `a SYN-ACK with a far number beside a connection whose SYN is known is a blind shot`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.server, .ack, seq: 501, ack: 101, "ab")
        tap.send(.server, [.syn, .ack], seq: 700_000_500, ack: 90_101)
        tap.send(.server, .ack, seq: 503, ack: 101, "cd")
        tap.send(.client, .ack, seq: 101, ack: 505, "x", after: 5000)
        #expect(tap.finish() == ["1 < abcd", "1 > x", "1 [captureEnded]"])
        #expect(tap.reassembler.counts.missingBytes == 0, "and what it acknowledges counts for nothing")
    }

    @Test(arguments: [true, false])
    func `where only the server's packets are seen, the same ports again are another connection`(hasEnd: Bool) {
        var tap = Wiretap()
        tap.send(.server, [.syn, .ack], seq: 500, ack: 101)
        tap.send(.server, .ack, seq: 501, ack: 101, "one")
        // The same once more is none.
        tap.send(.server, [.syn, .ack], seq: 500, ack: 101)
        if hasEnd { tap.send(.server, [.rst, .ack], seq: 504, ack: 101) }
        tap.send(.server, [.syn, .ack], seq: 700_000_500, ack: 90_101)
        tap.send(.server, .ack, seq: 700_000_501, ack: 90_101, "two")
        let end = hasEnd ? ["1 < [rst]", "1 [ended]"] : ["1 [replaced]"]
        #expect(tap.finish() == ["1 < one"] + end + ["2 < two", "2 [captureEnded]"])
    }
}
