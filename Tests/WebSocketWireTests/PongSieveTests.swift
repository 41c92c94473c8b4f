import TestSupport
import Testing
import Wire

@testable import WebSocketWire

@Suite("Taking pongs of ours out of a stream") struct PongSieveTests {
    private static let ours: UInt64 = 0x0102_0304_0506_0708
    private static let oursBytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    /// What is passed on of `bytes`, cut in every way, while each pong of ours may be claimed once.
    private func sifted(
        _ all: [UInt8], _ chunking: Chunking, from direction: Direction, claims: [UInt64] = [ours]
    ) -> (passed: [UInt8], claimed: Int, held: [UInt8], tally: FrameTally) {
        var sieve = PongSieve()
        var tally = FrameTally(direction: direction)
        var passed: [UInt8] = []
        var open = claims
        for piece in chunking.pieces(of: all) {
            let piece = Array(piece)
            let sifted = sieve.sift(piece.span.bytes, after: tally) { payload in
                guard let place = open.firstIndex(of: payload) else { return false }
                open.remove(at: place)
                return true
            }
            for part in [sifted.released] + sifted.pieces.map({ Array(piece[$0]) }) {
                _ = tally.observe(part.span.bytes)
                passed += part
            }
            #expect(sieve.held.count < 14)
            if !sieve.held.isEmpty { #expect(tally.isAtFrameBoundary, "what is held stands at a boundary of what was passed on") }
        }
        return (passed, claims.count - open.count, sieve.held, tally)
    }

    private func frame(_ direction: Direction, _ first: Int, _ payload: [UInt8]) -> [UInt8] {
        direction == .clientToServer ? masked(first, payload) : unmasked(first, payload)
    }

    private func sole(_ bytes: [UInt8], _ direction: Direction) -> UInt64? { PongSieve.solePong(bytes.span.bytes, direction) }

    @Test func `a pong that comes alone and whole is read at once, and nothing else is`() {
        let ours = FrameWriter.pong([0, 1, 2, 3, 4, 5, 6, 7])
        let masked = FrameWriter.pong([0, 1, 2, 3, 4, 5, 6, 7], maskingKey: 0x37FA_213D)
        #expect(sole(ours, .serverToClient) == 0x0001_0203_0405_0607)
        #expect(sole(masked, .clientToServer) == 0x0001_0203_0405_0607)
        #expect(sole(ours, .clientToServer) == nil && sole(masked, .serverToClient) == nil)
        for (bytes, direction) in [(ours, Direction.serverToClient), (masked, .clientToServer)] {
            for count in 0..<bytes.count { #expect(sole(Array(bytes[..<count]), direction) == nil) }
            #expect(sole(bytes + [0x8A], direction) == nil)
            #expect(sole([0x89] + bytes.dropFirst(), direction) == nil)
        }
    }

    @Test(arguments: Chunking.all, [Direction.clientToServer, .serverToClient])
    func `a pong of ours is cut out wherever it stands, and nothing else is touched`(chunking: Chunking, direction: Direction) {
        let pong = frame(direction, 0x8A, Self.oursBytes)
        let others = [
            frame(direction, 0x81, bytes("hello")), frame(direction, 0x01, bytes("frag")), frame(direction, 0x89, bytes("ping")),
            frame(direction, 0x80, bytes("ment")), frame(direction, 0x8A, bytes("pong")), frame(direction, 0x8A, bytes("8 bytes!")),
            frame(direction, 0x82, [UInt8](repeating: 0x8A, count: 100)), frame(direction, 0x8A, []),
            frame(direction, 0x82, Self.oursBytes),
        ]
        for place in 0...others.count {
            let before = Array(others[..<place].joined())
            let behind = Array(others[place...].joined())
            let result = sifted(before + pong + behind, chunking, from: direction)
            #expect(result.passed == before + behind, "at \(place)")
            #expect(result.claimed == 1)
            #expect(result.held == [])
            #expect(result.tally.fault == nil && result.tally.isAtMessageBoundary)
        }
    }

    @Test(arguments: [Direction.clientToServer, .serverToClient])
    func `a pong of ours goes at every cut of a stream in three`(direction: Direction) {
        let text = frame(direction, 0x81, bytes("a"))
        let all = text + frame(direction, 0x8A, Self.oursBytes) + text
        for first in 0...all.count {
            for second in first...all.count {
                var sieve = PongSieve()
                var tally = FrameTally(direction: direction)
                var passed: [UInt8] = []
                for piece in [all[..<first], all[first..<second], all[second...]].map(Array.init) {
                    let sifted = sieve.sift(piece.span.bytes, after: tally) { $0 == Self.ours }
                    for part in [sifted.released] + sifted.pieces.map({ Array(piece[$0]) }) {
                        _ = tally.observe(part.span.bytes)
                        passed += part
                    }
                }
                #expect(passed == text + text, "cut at \(first) and \(second)")
            }
        }
    }

    @Test(arguments: Chunking.all)
    func `pongs of the peer pass, also those that begin or look like ours`(chunking: Chunking) {
        let near: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 9]
        let all =
            masked(0x8A, near) + masked(0x8A, bytes("1234567")) + masked(0x8A, bytes("123456789")) + masked(0x8A, [])
            + masked(0x82, masked(0x8A, Self.oursBytes))
        let result = sifted(all, chunking, from: .clientToServer)
        #expect(result.passed == all)
        #expect(result.claimed == 0)
    }

    @Test(arguments: Chunking.all)
    func `a second pong with the payload of ours is the peer's own`(chunking: Chunking) {
        let pong = masked(0x8A, Self.oursBytes)
        let result = sifted(pong + pong, chunking, from: .clientToServer)
        #expect(result.passed == pong)
        #expect(result.claimed == 1)
    }

    @Test(arguments: Chunking.all)
    func `several pongs of ours go, each once`(chunking: Chunking) {
        let text = masked(0x81, bytes("x"))
        let all = masked(0x8A, Self.oursBytes) + text + masked(0x8A, [8, 7, 6, 5, 4, 3, 2, 1]) + text
        let result = sifted(all, chunking, from: .clientToServer, claims: [Self.ours, 0x0807_0605_0403_0201])
        #expect(result.passed == text + text)
        #expect(result.claimed == 2)
    }

    @Test func `the beginning of what may be ours is held, and given up when nothing more comes`() {
        var sieve = PongSieve()
        let start = Array(masked(0x8A, Self.oursBytes)[..<9])
        let first = sieve.sift(start.span.bytes, after: FrameTally(direction: .clientToServer)) { _ in true }
        #expect(first == PongSieve.Sifted())
        #expect(sieve.held == start)
        #expect(sieve.take() == start)
        #expect(sieve.held == [])
    }

    @Test(arguments: Chunking.all)
    func `what is no stream of frames passes as it is`(chunking: Chunking) {
        let all = bytes("HTTP/1.1 500 Internal Server Error\r\n") + masked(0x8A, Self.oursBytes)
        let result = sifted(all, chunking, from: .serverToClient)
        #expect(result.passed == all)
        #expect(result.claimed == 0)
    }
}
