import TestSupport
import Testing

@testable import Admin

@Suite struct `Connections that have sent no whole head` {
    private let head = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    @Test func `give their head once it is whole, in whatever pieces it comes`() {
        for chunking in Chunking.all {
            var heads = PendingHeads<Int>()
            #expect(heads.accepted(1) == nil)
            var whole: [[UInt8]] = []
            for chunk in chunking.pieces(of: head + bytes("surplus")) {
                switch heads.received(1, chunk) {
                case .whole(let bytes): whole.append(bytes)
                case .waiting: #expect(whole.isEmpty)
                case .surplus: #expect(whole.count == 1, "\(chunking)")
                case .tooLarge: Issue.record("too large")
                }
            }
            #expect(whole == [head], "\(chunking)")
            #expect(heads.count == 0)
        }
    }

    @Test func `are never more than there is room for: the eldest goes`() {
        var heads = PendingHeads<Int>(limit: 3)
        #expect((1...3).allSatisfy { heads.accepted($0) == nil })
        #expect(heads.received(1, bytes("GET /")) == .waiting, "a byte now and then keeps nobody's place")
        #expect(heads.accepted(4) == 1)
        #expect(heads.received(1, head) == .surplus)
        #expect(heads.received(4, head) == .whole(head))
        #expect(heads.accepted(5) == nil, "the place of who was answered is free")
        #expect(heads.accepted(6) == 2)
        #expect(heads.count == 3)
        #expect(heads.forget(3) && !heads.forget(3))
        #expect(heads.eldest { $0 > 5 } == 6)
    }

    @Test func `are told that a head is too large, once`() {
        var heads = PendingHeads<Int>(headLimit: 64)
        _ = heads.accepted(1)
        let long = bytes("GET /") + [UInt8](repeating: 0x61, count: 70)
        #expect(heads.received(1, long) == .tooLarge)
        #expect(heads.received(1, long) == .surplus)
        #expect(heads.count == 0)
    }
}
