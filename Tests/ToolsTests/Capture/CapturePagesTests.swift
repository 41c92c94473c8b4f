import CLinux
import CaptureFile
import Configuration
import Foundation
import ProxyCore
import Testing
import Wire

@testable import ProxyServer

/// From a worker's pages to the file: nothing is copied on the way, and nothing is different for it.
@Suite struct CapturePagesTests {
    private let path = NSTemporaryDirectory() + "/gatehouse-pages-\(UInt64.random(in: 0 ... .max))"
    private let client = SocketAddress(v4: 0x0A00_0001, port: 5000)
    private let server = SocketAddress(v4: 0x0A00_0002, port: 80)

    private func payload(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) } }

    /// The payload bytes of each direction of each interface, as they stand in a file's packets.
    private func streams(_ file: [UInt8]) -> [String: [UInt8]] {
        func number(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) } }
        var streams: [String: [UInt8]] = [:]
        var offset = 0
        while offset < file.count {
            let length = number(offset + 4)
            if number(offset) == 6 {
                let packet = file[(offset + 28)..<(offset + 28 + number(offset + 20))]
                streams["\(number(offset + 8)) from \(packet[packet.startIndex + 15])", default: []] += packet.dropFirst(
                    40 + (packet[packet.startIndex + 32] >> 4 == 7 ? 8 : 0))
            }
            offset += length
        }
        return streams
    }

    @Test(arguments: [1, 4095, 4096, 4097, 8193, 26_000, 61_440, 61_441, 100_000, 700_001])
    func `what a worker lays apart comes out as it went in, on both sides`(count: Int) {
        let queue = CaptureQueue()
        let channel = TapChannel(queue: queue, worker: 0)
        let tap = Tap(key: 1, session: SessionID(1), policy: CapturePolicy(), rule: 0)
        tap.open(.downstream, initiator: client, responder: server, session: SessionID(1), at: .zero, in: channel)
        tap.open(.upstream, initiator: client, responder: server, session: SessionID(1), at: .zero, in: channel)
        let bytes = payload(count)
        for kind in [TapRecord.Kind.relayed, .received, .sent] {
            bytes.withUnsafeBytes { tap.record(kind, .downstream, $0, at: .zero, in: channel) }
        }
        channel.handOver()
        var chunks: [CaptureQueue.Chunk] = []
        _ = queue.take(into: &chunks, within: 0)
        var encoder = TapEncoder()
        for chunk in chunks { encoder.encode(chunk, rules: [PayloadRule()]) }
        let inserted = encoder.encoder.buffer.inserted
        #expect((inserted > 0) == (count >= TapChannel.paged))
        let streams = streams(encoder.encoder.buffer.copied())
        // Not compared as they are: a failure would print them.
        #expect((streams["0 from 1"] == bytes + bytes) == true, "what the client said, relayed and received")
        #expect((streams["0 from 2"] == bytes) == true, "what was sent to it")
        #expect((streams["1 from 1"] == bytes) == true, "what was relayed to the server")
        #expect(channel.loss.packets == 0)
    }

    @Test func `a rule for payloads sees the pages too`() {
        let queue = CaptureQueue()
        let channel = TapChannel(queue: queue, worker: 0)
        var policy = CapturePolicy()
        policy.payload = PayloadRule(.cut, limit: 10)
        let bytes = payload(30_000)
        // The tap keeps them in one place if it knows of the rule; whoever lays them apart all the same is cut as well.
        for policy in [policy, CapturePolicy()] {
            let tap = Tap(key: channel.makeKey(), session: SessionID(1), policy: policy, rule: 1)
            tap.open(.downstream, initiator: client, responder: server, session: SessionID(1), at: .zero, in: channel)
            bytes.withUnsafeBytes { tap.record(.received, .downstream, $0, at: .zero, in: channel) }
        }
        channel.handOver()
        var chunks: [CaptureQueue.Chunk] = []
        _ = queue.take(into: &chunks, within: 0)
        var encoder = TapEncoder()
        for chunk in chunks { encoder.encode(chunk, rules: [PayloadRule(), policy.payload]) }
        let (inserted, file) = (encoder.encoder.buffer.inserted, encoder.encoder.buffer.copied())
        #expect(inserted == 0)
        #expect(file.count < 2000, "of 60,000 bytes the first of each piece are kept")
    }

    @Test func `pages are gathered past the page cache and through it, however many they are`() throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        defer { unlink(path) }
        try #require(descriptor >= 0)
        var output = CaptureOutput(descriptor: descriptor)
        var encoder = CaptureEncoder(capacity: 1 << 20)
        var expected = CaptureEncoder(capacity: 1 << 20)
        var talks = (
            TapConversation(side: .downstream, initiator: client, responder: server),
            TapConversation(side: .downstream, initiator: client, responder: server)
        )
        encoder.begin()
        expected.begin()
        // Whole sectors, and no whole pages.
        let pages = UnsafeMutableRawBufferPointer.allocate(byteCount: 8704, alignment: 4096)
        defer { pages.deallocate() }
        for index in pages.indices { pages[index] = UInt8(truncatingIfNeeded: index &* 13) }
        let rest = payload(700)
        var written: UInt64 = 0
        // The second is more pieces than the kernel takes at once.
        for (count, isLate) in [(3, false), (600, false), (40, true), (40, false), (1, true), (100, false), (2, true)] {
            let before = encoder.packets.downstream
            for _ in 0..<count {
                let sum = PayloadSum(words: 0, rest.span.bytes)
                talks.0.data(
                    from: .initiator, pages: UnsafeRawBufferPointer(pages), rest.span.bytes, sum: sum, at: .zero, into: &encoder)
                talks.1.data(
                    from: .initiator, pages: UnsafeRawBufferPointer(pages), rest.span.bytes, sum: sum, at: .zero, into: &expected)
            }
            let came = try output.write(&encoder.buffer, fresh: (encoder.packets.downstream - before, 0), isLate: isLate)
            written += came.downstream
            let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            expected.buffer.fillPage()
            let whole = expected.buffer.copied()
            let (isBehind, size, left) = (output.isBehind(encoder.buffer), output.size(with: encoder.buffer), encoder.buffer.total)
            #expect((file == whole) == true, "\(count) packets")
            #expect(!isBehind && size == UInt64(whole.count) && left == 0)
        }
        let all = expected.packets.downstream
        #expect(written == all)
    }

    @Test func `a file that is made of an older one has its own length in the end, and nothing of the other's bytes`() throws {
        let (old, new) = (path + "-old", path + "-new")
        defer { for path in [old, new] { unlink(path) } }
        try Data(payload(300_000)).write(to: URL(fileURLWithPath: old))
        let descriptor = clinux_take_over_file(old, new, 1 << 20)
        // Some file systems can't keep places and forget what stands in them.
        guard descriptor != -EOPNOTSUPP, descriptor != -EINVAL else { return }
        try #require(descriptor >= 0)
        #expect(!FileManager.default.fileExists(atPath: old))
        #expect(try Data(contentsOf: URL(fileURLWithPath: new)) == Data(count: 300_000))
        var encoder = CaptureEncoder()
        encoder.begin()
        let expected = encoder.buffer.copied()
        do {
            var output = CaptureOutput(descriptor: descriptor, isLonger: true)
            _ = try output.write(&encoder.buffer, fresh: (0, 0), isLate: true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: new)).count == 300_000)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: new)) == Data(expected))
    }

    @Test func `a file that somebody reads, or that has another name, or is too long, is not made into another`() throws {
        let (old, new, kept) = (path + "-old", path + "-new", path + "-kept")
        defer { for path in [old, new, kept] { unlink(path) } }
        let content = Data(payload(10_000))
        try content.write(to: URL(fileURLWithPath: old))
        let reader = open(old, O_RDONLY)
        #expect(clinux_take_over_file(old, new, 1 << 20) == -EAGAIN)
        close(reader)
        #expect(clinux_take_over_file(old, new, 9999) == -EPERM)
        #expect(link(old, kept) == 0)
        #expect(clinux_take_over_file(old, new, 1 << 20) == -EPERM)
        unlink(kept)
        #expect(symlink(old, kept) == 0)
        #expect(clinux_take_over_file(kept, new, 1 << 20) == -ELOOP)
        #expect(clinux_take_over_file(new, kept, 1 << 20) == -ENOENT)
        #expect(try Data(contentsOf: URL(fileURLWithPath: old)) == content)
        #expect(!FileManager.default.fileExists(atPath: new))
    }
}
