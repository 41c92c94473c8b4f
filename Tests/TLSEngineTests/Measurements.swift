import Glibc
import TLSEngine
import TestSupport
import Testing
import Wire

/// Figures, not checks: run in a release build with GATEHOUSE_MEASURE set, and compare only within one run.
///
///     GATEHOUSE_MEASURE=1 swift test -c release -Xswiftc -enable-testing --filter Measurements
@Suite(.serialized, .enabled(if: getenv("GATEHOUSE_MEASURE") != nil))
struct Measurements {
    private func contexts(_ version: TLSContext.OldestVersion = .tls13) throws -> (TLSContext, TLSContext) {
        let files = TestFiles()
        let authority = TestAuthority()
        let server = try TLSContext.server(.init(certificates: [files.write(authority.issue(), as: "server")]))
        let ca = files.write(authority.subject.certificatePEM, as: "ca.pem")
        return (try TLSContext.client(.init(ca: ca, oldestVersion: version, newestVersion: version)), server)
    }

    private func nanoseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// Bytes that malloc has handed out, in all arenas: field `uordblks` of mallinfo2.
    ///
    /// Glibc's module doesn't export mallinfo2. Its ten words come back through a hidden pointer, which on x86-64 is
    /// passed like a first argument; elsewhere there is no figure.
    private func heapBytes() -> Int {
        #if arch(x86_64)
        typealias Read = @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer
        guard let symbol = dlsym(nil, "mallinfo2") else { return 0 }
        var words = [Int](repeating: 0, count: 10)
        _ = words.withUnsafeMutableBytes { words in
            words.baseAddress.map { unsafeBitCast(symbol, to: Read.self)($0) }
        }
        return words[7]
        #else
        return 0
        #endif
    }

    @Test(arguments: [64, 1_024, 16_384], [TLSContext.OldestVersion.tls12, .tls13])
    func `CPU time of one record`(_ size: Int, _ version: TLSContext.OldestVersion) throws {
        let (client, server) = try contexts(version)
        let pair = try TLSPair(client, server)
        pair.settle()
        let message = [UInt8](repeating: 0x61, count: size)
        var plaintext = [UInt8](repeating: 0, count: size)
        let rounds = size > 4_096 ? 20_000 : 200_000
        var encrypting = 0
        var decrypting = 0
        // In batches, so that the clock is read seldom, and without a copy of our own between the two ends.
        let batch = 100
        var ciphertext = [UInt8](repeating: 0, count: batch * TLSSession.room(for: size))
        for _ in 0..<rounds / batch {
            var filled = 0
            var start = nanoseconds()
            for _ in 0..<batch {
                let result = ciphertext.withUnsafeMutableBytes { room in
                    message.withUnsafeBytes {
                        pair.server.session.encrypt($0, into: UnsafeMutableRawBufferPointer(rebasing: room[filled...]))
                    }
                }
                guard case .ciphertext(let produced, size) = result else {
                    Issue.record("not taken")
                    return
                }
                filled += produced
            }
            encrypting += nanoseconds() - start
            start = nanoseconds()
            ciphertext.withUnsafeBytes { bytes in
                var rest = UnsafeRawBufferPointer(rebasing: bytes[..<filled])
                for _ in 0..<batch {
                    // Room for one record, so that each costs its own call.
                    let result = plaintext.withUnsafeMutableBytes { pair.client.session.decrypt(&rest, into: $0) }
                    guard case .plaintext(size) = result else {
                        Issue.record("not decrypted")
                        return
                    }
                }
            }
            decrypting += nanoseconds() - start
        }
        let suite = pair.client.facts?.cipher ?? ""
        print(
            "MEASURE \(version) \(size) B \(suite): encrypt \(encrypting / rounds), decrypt \(decrypting / rounds) ns"
        )
    }

    @Test(arguments: [TLSContext.OldestVersion.tls12, .tls13])
    func `CPU time of one handshake, both ends`(_ version: TLSContext.OldestVersion) throws {
        let (client, server) = try contexts(version)
        let rounds = 1_000
        let start = nanoseconds()
        for _ in 0..<rounds { try TLSPair(client, server).settle() }
        print("MEASURE \(version) handshake, client and server: \((nanoseconds() - start) / rounds / 1_000) µs")
    }

    @Test(arguments: [TLSContext.OldestVersion.tls12, .tls13])
    func `heap of an idle session`(_ version: TLSContext.OldestVersion) throws {
        let (client, server) = try contexts(version)
        try TLSPair(client, server).settle()
        func kept(_ keep: (TLSPair) -> TLSPeer) throws -> Int {
            var peers: [TLSPeer] = []
            peers.reserveCapacity(500)
            let before = heapBytes()
            for _ in 0..<500 {
                let pair = try TLSPair(client, server)
                pair.settle()
                pair.server.receive(pair.client.encrypt(bytes("hello")))
                pair.client.receive(pair.server.encrypt(bytes("hello")))
                pair.server.plaintext = []
                pair.client.plaintext = []
                pair.server.facts = nil
                pair.client.facts = nil
                peers.append(keep(pair))
            }
            return (heapBytes() - before) / 500
        }
        print("MEASURE \(version) heap: server \(try kept(\.server)) B, client \(try kept(\.client)) B")
    }
}
