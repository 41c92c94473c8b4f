import COpenSSL

/// The place where OpenSSL meets the bytes of the connection: a BIO over memory that belongs to the caller.
///
/// Theory of operation. OpenSSL pulls ciphertext and pushes ciphertext through callbacks, in the middle of a call
/// of ours. Before such a call the session lends the port the bytes that the socket gave (`input`) and perhaps room
/// for what is to be sent (`output`); afterwards it takes both back. So ciphertext is copied once, into OpenSSL's
/// record buffer, and what OpenSSL doesn't take stays where the kernel put it. What is written while no room
/// is lent (handshake flights, alerts, answers to key updates) waits in `pending`, which is bounded: a peer
/// that makes us write without ever reading is cut off. An idle session owns no buffer here.
///
/// The port lives at a fixed address for the session's life because the BIO points to it.
struct CiphertextPort {
    /// More than any handshake of ours needs; a peer that makes us queue more is misbehaving.
    static let pendingLimit = 128 * 1024

    /// Ciphertext lent for the present call, and how much of it was taken.
    private var input = UnsafeRawBufferPointer(start: nil, count: 0)
    private var inputTaken = 0
    /// Room lent for the present call, and how much of it was filled.
    private var output = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var outputFilled = 0
    /// Ciphertext that waits to be drained, from `pendingStart` on.
    private var pending: [UInt8] = []
    private var pendingStart = 0
    /// Whether `pendingLimit` stopped a write. Nothing may follow then: the record sequence is broken.
    private(set) var overflowed = false

    /// What the handshake showed on its way; see there.
    var evidence = HandshakeEvidence()

    /// How many bytes wait to be drained.
    var pendingCount: Int { pending.count - pendingStart }

    /// Lends the bytes that the socket gave.
    mutating func lend(input bytes: UnsafeRawBufferPointer) {
        input = bytes
        inputTaken = 0
        evidence.note(firstBytes: bytes)
    }

    /// Takes the input back and says how much of it was used.
    mutating func reclaimInput() -> Int {
        input = UnsafeRawBufferPointer(start: nil, count: 0)
        return inputTaken
    }

    /// Lends room for ciphertext. What was pending goes first.
    mutating func lend(output room: UnsafeMutableRawBufferPointer) {
        outputFilled = drain(into: room)
        output = room
    }

    /// How much of the lent room is left; none as long as something is pending, because order must hold.
    var outputRoom: Int { pendingCount > 0 ? 0 : output.count - outputFilled }

    /// Takes the room back and says how much of it was filled.
    mutating func reclaimOutput() -> Int {
        let filled = outputFilled
        output = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        outputFilled = 0
        return filled
    }

    /// Moves as much of the pending ciphertext as fits.
    mutating func drain(into room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(pendingCount, room.count)
        guard count > 0 else { return 0 }
        pending.withUnsafeBytes { bytes in
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[pendingStart..<pendingStart + count]))
        }
        pendingStart += count
        if pendingStart == pending.count {
            pending = []
            pendingStart = 0
        }
        return count
    }

    /// OpenSSL reads; nil means that nothing is there yet.
    private mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let count = min(input.count - inputTaken, buffer.count)
        guard count > 0 else { return nil }
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[inputTaken..<inputTaken + count]))
        inputTaken += count
        return count
    }

    /// OpenSSL writes; everything is taken, or false if it would go beyond the bound.
    private mutating func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let direct = min(outputRoom, bytes.count)
        guard !overflowed, pendingCount + bytes.count - direct <= CiphertextPort.pendingLimit else {
            overflowed = true
            return false
        }
        if direct > 0 {
            UnsafeMutableRawBufferPointer(rebasing: output[outputFilled...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<direct]))
            outputFilled += direct
        }
        if direct < bytes.count { pending.append(contentsOf: bytes[direct...]) }
        return true
    }

    /// A BIO over the port at `port`, which must outlive it.
    static func makeBIO(_ port: UnsafeMutablePointer<CiphertextPort>) -> OpaquePointer? {
        guard let method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, port)
        BIO_set_init(bio, 1)
        return bio
    }

    private static let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY

    /// The callbacks; made once, never changed and never freed, so every thread may use them.
    private nonisolated(unsafe) static let method: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ciphertext port") else {
            return nil
        }
        BIO_meth_set_read(method) { bio, buffer, count in
            BIO_clear_flags(bio, CiphertextPort.retryFlags)
            guard let port = CiphertextPort.of(bio), let buffer, count > 0 else { return -1 }
            let room = UnsafeMutableRawBufferPointer(start: buffer, count: Int(count))
            guard let taken = port.pointee.read(into: room) else {
                BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
                return -1
            }
            return Int32(taken)
        }
        BIO_meth_set_write(method) { bio, bytes, count in
            BIO_clear_flags(bio, CiphertextPort.retryFlags)
            guard let port = CiphertextPort.of(bio), let bytes, count > 0 else { return -1 }
            return port.pointee.write(UnsafeRawBufferPointer(start: bytes, count: Int(count))) ? count : -1
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in
            // Flushing always succeeds; whatever else OpenSSL asks has "no" as its answer.
            command == BIO_CTRL_FLUSH ? 1 : 0
        }
        return method
    }()

    private static func of(_ bio: OpaquePointer?) -> UnsafeMutablePointer<CiphertextPort>? {
        BIO_get_data(bio)?.assumingMemoryBound(to: CiphertextPort.self)
    }

    /// The port of the session that `ssl` drives.
    static func of(ssl: OpaquePointer?) -> UnsafeMutablePointer<CiphertextPort>? {
        guard let ssl, let bio = SSL_get_rbio(ssl) else { return nil }
        return of(bio)
    }
}
