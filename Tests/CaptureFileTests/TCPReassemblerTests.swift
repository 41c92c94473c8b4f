import CaptureFile
import TestSupport
import Testing
import Wire

@Suite struct TCPReassemblerTests {
    @Test func `a conversation in good order is heard as it was`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, [.psh, .ack], seq: 101, ack: 501, "Hello")
        tap.send(.server, [.psh, .ack], seq: 501, ack: 106, "Hi")
        tap.send(.client, [.fin, .ack], seq: 106, ack: 503)
        tap.send(.server, [.fin, .ack], seq: 503, ack: 107)
        tap.send(.client, .ack, seq: 107, ack: 504)
        #expect(tap.finish() == ["1 > Hello", "1 < Hi", "1 > [fin]", "1 < [fin]", "1 [ended]"])
        #expect(tap.reassembler.counts.missingBytes == 0)
    }

    @Test func `every order of the same segments gives the same bytes`() {
        let segments: [(UInt32, String)] = [(101, "abc"), (104, "de"), (106, "fghi"), (110, "j")]
        for a in 0..<4 {
            for b in 0..<4 where b != a {
                for c in 0..<4 where c != a && c != b {
                    var tap = Wiretap()
                    tap.handshake()
                    for index in [a, b, c, 6 - a - b - c] {
                        tap.send(.client, .ack, seq: segments[index].0, ack: 501, segments[index].1)
                    }
                    tap.send(.client, [.fin, .ack], seq: 111, ack: 501)
                    #expect(tap.finish() == ["1 > abcdefghij", "1 > [fin]", "1 [captureEnded]"], "\(a)\(b)\(c)")
                    #expect(tap.reassembler.counts.missingBytes == 0)
                }
            }
        }
    }

    @Test func `numbers that wrap around change nothing`() {
        var tap = Wiretap()
        tap.handshake(client: 0xFFFF_FFFC, server: 0xFFFF_FFFF)
        tap.send(.client, .ack, seq: 0xFFFF_FFFD, ack: 0, "abc")
        tap.send(.client, .ack, seq: 3, ack: 0, "ghi")
        tap.send(.client, .ack, seq: 0, ack: 0, "def")
        tap.send(.server, .ack, seq: 0, ack: 6, "xyz")
        #expect(tap.finish() == ["1 > abcdefghi", "1 < xyz", "1 [captureEnded]"])
    }

    @Test func `what came first stays, whatever a retransmission says`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 101, ack: 501, "abcd")
        tap.send(.client, .ack, seq: 101, ack: 501, "XXXX")
        tap.send(.client, .ack, seq: 103, ack: 501, "YYef")
        tap.send(.client, .ack, seq: 100, ack: 501, "Zabcdefgh")
        #expect(tap.finish().first == "1 > abcdefgh")
        #expect(tap.reassembler.counts.retransmissions == 3)
    }

    @Test func `segments that overlap while they wait keep what came first`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 104, ack: 501, "def")
        tap.send(.client, .ack, seq: 105, ack: 501, "XXXhi")
        tap.send(.client, .ack, seq: 103, ack: 501, "cY")
        tap.send(.client, .ack, seq: 104, ack: 501, "Q")
        tap.send(.client, .ack, seq: 101, ack: 501, "ab")
        #expect(tap.finish().first == "1 > abcdefXhi")
    }

    @Test func `bytes that the peer acknowledged and the capture lost are a gap, after a second`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 101, ack: 501, "abc")
        tap.send(.client, .ack, seq: 109, ack: 501, "ijk")
        tap.send(.server, .ack, seq: 501, ack: 112)
        #expect(tap.listener.lines == ["1 > abc"])
        tap.send(.server, .ack, seq: 501, ack: 112, after: 1500)
        #expect(tap.listener.lines == ["1 > abc", "1 > [missed 5]", "1 > ijk"])
        #expect(tap.reassembler.counts.missingBytes == 5)
    }

    @Test func `an acknowledgement that the capture put before its segment is no gap`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.server, .ack, seq: 501, ack: 106)
        tap.send(.client, .ack, seq: 101, ack: 501, "Hello")
        tap.send(.server, .ack, seq: 501, ack: 106, after: 5000)
        #expect(tap.finish() == ["1 > Hello", "1 [captureEnded]"])
    }

    @Test func `a capture of one direction says how much the other sent`() {
        var tap = Wiretap()
        tap.send(.client, .syn, seq: 100)
        tap.send(.client, .ack, seq: 101, ack: 501)
        tap.send(.client, .ack, seq: 101, ack: 501, "GET")
        tap.send(.client, .ack, seq: 104, ack: 701, after: 50)
        tap.send(.client, .ack, seq: 104, ack: 701, "more", after: 5000)
        #expect(tap.finish() == ["1 > GET", "1 < [missed 200]", "1 > more", "1 [captureEnded]"].sortedAs(tap.listener.lines))
        #expect(tap.reassembler.connection(0).oneSided)
    }

    @Test func `a start in the middle begins with the first segment of each direction`() {
        var tap = Wiretap()
        tap.send(.server, .ack, seq: 7000, ack: 300, "tail")
        tap.send(.client, .ack, seq: 300, ack: 7004, "next")
        let heard = tap.finish()
        #expect(heard.count == 3)
        #expect(heard.contains { $0.hasSuffix("tail") } && heard.contains { $0.hasSuffix("next") })
        #expect(tap.reassembler.connection(0).initiator == nil)
    }

    @Test func `what the snapshot length cut off is missed`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 101, ack: 501, "abcdef", cut: 4)
        tap.send(.client, .ack, seq: 107, ack: 501, "gh")
        #expect(tap.finish() == ["1 > ab", "1 > [missed 4]", "1 > gh", "1 [captureEnded]"])
    }

    @Test func `a keep-alive is no retransmission, and RST out of place is no end`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, .ack, seq: 101, ack: 501, "ab")
        tap.send(.client, .ack, seq: 102, ack: 501, "b")
        tap.send(.server, .rst, seq: 501 &+ 0x4000_0000)
        tap.send(.client, .ack, seq: 103, ack: 501, "c")
        tap.send(.server, [.rst, .ack], seq: 501, ack: 104)
        #expect(tap.finish() == ["1 > abc", "1 < [rst]", "1 [ended]"])
        #expect(tap.reassembler.counts.retransmissions == 0)
    }

    @Test func `a refused connection is told as refused`() {
        var tap = Wiretap()
        tap.send(.client, .syn, seq: 100)
        tap.send(.server, [.rst, .ack], seq: 0, ack: 101)
        #expect(tap.finish() == ["1 [refused]"])
        #expect(tap.reassembler.counts.refused == 1)
    }

    @Test func `the same ports again are another connection, a repeated SYN is not`() {
        var tap = Wiretap()
        tap.send(.client, .syn, seq: 100)
        tap.handshake()
        tap.send(.client, .ack, seq: 101, ack: 501, "one")
        tap.send(.client, .syn, seq: 100)
        tap.handshake(client: 900_000, server: 77)
        tap.send(.client, .ack, seq: 900_001, ack: 78, "two")
        #expect(tap.finish() == ["1 > one", "1 [replaced]", "2 > two", "2 [captureEnded]"])
    }

    @Test func `late packets of an ended connection begin no other`() {
        var tap = Wiretap()
        tap.handshake()
        tap.send(.client, [.fin, .ack], seq: 101, ack: 501)
        tap.send(.server, [.fin, .ack], seq: 501, ack: 102)
        tap.send(.client, [.psh, .ack], seq: 101, ack: 501, "late")
        tap.send(.client, .rst, seq: 102)
        #expect(tap.finish() == ["1 > [fin]", "1 < [fin]", "1 [ended]"])
        #expect(tap.reassembler.counts.connections == 1)
    }

    @Test func `a connection that nobody wants is only watched for its end`() {
        var tap = Wiretap()
        tap.listener.wants = { $0 != "SSH-" }
        tap.handshake()
        tap.send(.client, .ack, seq: 101, ack: 501, "SSH-")
        tap.send(.client, .ack, seq: 105, ack: 501, "secret")
        tap.send(.server, .rst, seq: 501)
        #expect(tap.finish() == ["1 > SSH-", "1 [ended]"])
    }

    @Test func `too many connections let the eldest go, and count it`() {
        var tap = Wiretap(limit: 10)
        for number in 0..<10_000 {
            tap.port = UInt16(1024 + number % 60_000)
            tap.send(.client, .syn, seq: 1)
            if number == 5000 {
                // One that speaks again and again outlives those that only open.
                tap.send(.client, .ack, seq: 2, ack: 9, "alive")
            }
        }
        #expect(tap.reassembler.counts.letGo == 9990)
        #expect(tap.reassembler.counts.mostHeld == 10)
        #expect(tap.finish().count { $0.hasSuffix("[letGo]") } == 9990)
    }

    @Test func `what waits behind a hole is bounded`() {
        var tap = Wiretap()
        tap.handshake()
        let text = String(repeating: "x", count: 1000)
        for index in 0..<3000 { tap.send(.client, .ack, seq: 200 + UInt32(index) * 1000, ack: 501, text) }
        #expect(tap.listener.lines.first == "1 > [missed 99]")
        #expect(tap.reassembler.counts.payloadBytes > 2_000_000)
        #expect(tap.finish().count == 3)
    }
}

extension [String] {
    /// The same lines in the order of others, if they are the same.
    fileprivate func sortedAs(_ others: [String]) -> [String] { sorted() == others.sorted() ? others : self }
}
