import HTTPWire
import TestSupport
import Testing
import Wire

@Suite struct HeadScannerTests {
    private func scan(_ input: [UInt8], limit: Int = 1000, _ chunking: Chunking) -> HeadScanner.Progress {
        var scanner = HeadScanner(limit: limit)
        for piece in chunking.pieces(of: input) {
            let progress = scanner.scan(Array(piece).span.bytes)
            if progress != .needMore { return progress }
        }
        return .needMore
    }

    @Test(arguments: Chunking.all)
    func `the head ends with its first empty line, whatever follows and however it arrives`(_ chunking: Chunking) {
        let head = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(scan(head, chunking) == .complete(length: head.count))
        #expect(scan(head + bytes("GET /2 HTTP/1.1\r\n\r\n"), chunking) == .complete(length: head.count))
        #expect(scan(head + bytes(0x81, 0x00, "\n\n"), chunking) == .complete(length: head.count))
    }

    @Test(arguments: Chunking.all)
    func `a head without its empty line needs more`(_ chunking: Chunking) {
        let head = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for count in 0..<head.count { #expect(scan(Array(head[..<count]), chunking) == .needMore) }
    }

    @Test(arguments: Chunking.all)
    func `empty lines before the head belong to it and do not end it`(_ chunking: Chunking) {
        let head = bytes("\r\n\r\n\nGET / HTTP/1.1\r\n\r\n")
        #expect(scan(head, chunking) == .complete(length: head.count))
        #expect(scan(bytes("\r\n\r\n\r\n"), chunking) == .needMore)
    }

    @Test(arguments: Chunking.all)
    func `bare line feeds end lines, so that the head is found and can be refused`(_ chunking: Chunking) {
        #expect(scan(bytes("GET / HTTP/1.1\nHost: a\n\nX"), chunking) == .complete(length: 24))
        #expect(scan(bytes("GET / HTTP/1.1\r\nHost: a\n\r\nX"), chunking) == .complete(length: 26))
    }

    @Test(arguments: Chunking.all)
    func `a carriage return alone ends nothing`(_ chunking: Chunking) {
        #expect(scan(bytes("GET / HTTP/1.1\r\n\r\rHost: a\r\r\n\r"), chunking) == .needMore)
    }

    @Test(arguments: Chunking.all)
    func `a head of exactly the limit passes and one octet more is too large`(_ chunking: Chunking) {
        let head = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(scan(head, limit: head.count, chunking) == .complete(length: head.count))
        #expect(scan(head, limit: head.count - 1, chunking) == .tooLarge)
        #expect(scan(bytes("\r\n\r\n\r\n\r\n"), limit: 8, chunking) == .tooLarge)
    }

    @Test func `the answer stays, and reset begins anew`() {
        var scanner = HeadScanner(limit: 100)
        let head = bytes("A\r\n\r\n")
        #expect(scanner.scan(head.span.bytes) == .complete(length: 5))
        #expect(scanner.scan(head.span.bytes) == .complete(length: 5))
        scanner.reset()
        #expect(!scanner.hasBegun)
        #expect(scanner.scan(bytes("\r\nA").span.bytes) == .needMore)
        #expect(scanner.hasBegun)
    }
}
