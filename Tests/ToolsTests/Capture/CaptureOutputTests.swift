import CaptureFile
import Foundation
import Testing
import Wire

@testable import ProxyServer

/// A capture's file is what was encoded, byte by byte, whichever way it took to the disk.
@Suite struct CaptureOutputTests {
    private let path = NSTemporaryDirectory() + "/gatehouse-output-\(UInt64.random(in: 0 ... .max))"

    /// Something that is encoded: how many packets it made, by side.
    private func say(
        _ size: Int, _ talk: inout TapConversation, _ encoder: inout CaptureEncoder
    ) -> (downstream: UInt64, upstream: UInt64) {
        let before = encoder.packets
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        talk.data(from: .initiator, bytes.span.bytes, at: Timestamp(nanoseconds: 1_700_000_000_000_000_000), into: &encoder)
        return (encoder.packets.downstream - before.downstream, encoder.packets.upstream - before.upstream)
    }

    private func conversation(_ side: Side) -> TapConversation {
        TapConversation(
            side: side, initiator: SocketAddress(v4: 0x0A00_0001, port: 5000), responder: SocketAddress(v4: 0x0A00_0002, port: 80))
    }

    @Test func `much goes out in whole pages, little at once, and the file is what was encoded`() throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        defer { unlink(path) }
        try #require(descriptor >= 0)
        var output = CaptureOutput(descriptor: descriptor)
        var encoder = CaptureEncoder(capacity: 1 << 20)
        var expected = CaptureEncoder(capacity: 1 << 20)
        var talks = (conversation(.downstream), conversation(.downstream))
        encoder.begin()
        expected.begin()
        var given: UInt64 = 0
        var written: UInt64 = 0
        var bytes = 0
        // Sizes around the border of a page and of a bulk, and both ways in all orders.
        let turns: [(size: Int, isLate: Bool)] = [
            (100, false), (300_000, false), (10, false), (700_001, false), (262_000, true), (5000, false), (300_000, true),
            (400_003, false), (400_003, false), (1, false), (4096, true), (900_000, false), (3, true),
        ]
        for turn in turns {
            let fresh = say(turn.size, &talks.0, &encoder)
            _ = say(turn.size, &talks.1, &expected)
            given += fresh.downstream + fresh.upstream
            let came = try output.write(&encoder.buffer, fresh: fresh, isLate: turn.isLate)
            written += came.downstream + came.upstream
            bytes += came.bytes
            let whole = expected.buffer.copied()
            let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            #expect(file == Array(whole[..<file.count]), "\(turn): the file is the beginning of what was encoded")
            let isBehind = output.isBehind(encoder.buffer)
            let size = output.size(with: encoder.buffer)
            #expect(isBehind == (file.count < whole.count), "\(turn)")
            #expect(!turn.isLate || file.count == whole.count, "\(turn)")
            #expect(size == UInt64(whole.count), "\(turn)")
            #expect(whole.count - file.count < CaptureBuffer.alignment, "\(turn): less than a page waits")
        }
        #expect(written == given, "the last turn took all")
        let all = expected.buffer.count
        #expect(bytes == all)
    }

    @Test func `packets that wait for the rest of a page are told once they are in the file, or lost`() throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        defer { unlink(path) }
        try #require(descriptor >= 0)
        var output = CaptureOutput(descriptor: descriptor)
        var encoder = CaptureEncoder(capacity: 1 << 20)
        var talk = conversation(.upstream)
        encoder.begin()
        let many = say(500_000, &talk, &encoder)
        for _ in 0..<20 { _ = say(20, &talk, &encoder) }
        let came = try output.write(&encoder.buffer, fresh: (many.downstream, many.upstream + 20), isLate: false)
        // Where the file system can't go past the page cache, nothing waits.
        guard output.isBehind(encoder.buffer) else { return }
        #expect(came.upstream < many.upstream + 20)
        let waiting = output.lost.upstream
        #expect(waiting == many.upstream + 20 - came.upstream)
        let rest = try output.write(&encoder.buffer, fresh: (0, 0), isLate: true)
        #expect(came.upstream + rest.upstream == many.upstream + 20)
        let left = output.lost
        #expect(left == (0, 0))
    }

    @Test(arguments: [100, 600_000]) func `what a full disk doesn't take is lost as a whole, and counted`(size: Int) throws {
        let descriptor = open("/dev/full", O_WRONLY)
        try #require(descriptor >= 0)
        var output = CaptureOutput(descriptor: descriptor)
        var encoder = CaptureEncoder(capacity: 1 << 20)
        var talk = conversation(.downstream)
        encoder.begin()
        let fresh = say(size, &talk, &encoder)
        var failure: CaptureFolder.Failure?
        do throws(CaptureFolder.Failure) {
            _ = try output.write(&encoder.buffer, fresh: fresh, isLate: false)
        } catch {
            failure = error
        }
        #expect(failure?.errno == ENOSPC)
        let (lost, isEmpty) = (output.lost, output.isEmpty)
        #expect(lost == fresh)
        #expect(isEmpty)
    }
}
