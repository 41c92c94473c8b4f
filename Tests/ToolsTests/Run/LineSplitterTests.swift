import TestSupport
import Testing

@testable import Tools

@Suite struct `Output is split into lines in bounded memory` {
    private func lines(_ chunks: [ArraySlice<UInt8>]) -> [[UInt8]] {
        var splitter = LineSplitter()
        var found: [[UInt8]] = []
        for chunk in chunks { Array(chunk).withUnsafeBytes { splitter.take($0) { found.append($0) } } }
        splitter.finish { found.append($0) }
        return found
    }

    @Test(arguments: Chunking.all)
    func `lines come without their ends, the last one when the stream is over`(_ chunking: Chunking) {
        let found = lines(chunking.pieces(of: bytes("one\ntwo\r\n\n", 0xFF, 0xFE, " not text\nrest")))
        #expect(found == [bytes("one"), bytes("two"), [], bytes(0xFF, 0xFE, " not text"), bytes("rest")])
    }

    @Test(arguments: Chunking.all)
    func `a line longer than the limit is given as far as it has come, and the next one whole`(_ chunking: Chunking) {
        let long = [UInt8](repeating: 0x78, count: 3 * LineSplitter.limit)
        let found = lines(chunking.pieces(of: long + bytes("\nnext\n")))
        #expect(found == [[UInt8](long.prefix(LineSplitter.limit)), bytes("next")])
    }

    @Test func `a stream that ends at once has no lines`() { #expect(lines([]).isEmpty) }
}
