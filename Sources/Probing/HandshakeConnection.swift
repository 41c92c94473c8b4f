import CLinux
import Glibc
public import TLSEngine
public import Wire

/// One connection of a diagnosis: opened, used for one handshake, closed when it is let go.
///
/// The socket never blocks; each call waits for it with `poll` until its deadline. So the code reads like a blocking one, and
/// no peer can hold it. With TLS the session stands between socket and caller.
public final class HandshakeConnection {
    /// What came of trying to connect.
    public enum Opening {
        case open(HandshakeConnection)
        case refused(errno: Int32)
        case failed(errno: Int32)
        case timedOut
    }

    /// What came of `startTLS`.
    public enum Securing {
        case done(TLSFacts)
        /// With what was seen of the certificate.
        case failed(TLSFailure, TLSFacts?)
        case timedOut
    }

    /// What came of `receive`.
    public enum Received {
        /// At least one byte.
        case bytes([UInt8])
        /// FIN, or close_notify.
        case finished
        case reset(errno: Int32)
        case timedOut
        case failedTLS(TLSFailure)
    }

    private let descriptor: Int32
    private var tls: TLSLink?
    /// Ciphertext that the session has not taken yet.
    private var ciphertext: [UInt8] = []

    private final class TLSLink {
        var session: TLSSession
        init(_ session: consuming TLSSession) { self.session = session }
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = clinux_close(descriptor) }

    /// Connects to `address`.
    public static func open(_ address: SocketAddress, until deadline: Deadline) -> Opening {
        var raw = clinux_address_make(address.high, address.low, address.port)
        let descriptor = clinux_socket(&raw)
        guard descriptor >= 0 else { return .failed(errno: -descriptor) }
        let connection = HandshakeConnection(descriptor: descriptor)
        let begun = clinux_connect(descriptor, &raw)
        var error = begun < 0 ? -begun : 0
        if error == EINPROGRESS {
            guard deadline.wait(for: descriptor, POLLOUT) else { return .timedOut }
            error = clinux_socket_error(descriptor)
        }
        switch error {
        case 0: return .open(connection)
        case ECONNREFUSED: return .refused(errno: error)
        case ETIMEDOUT: return .timedOut
        default: return .failed(errno: error)
        }
    }

    // MARK: TLS

    /// Performs the TLS handshake as a client that asks for `serverName`.
    public func startTLS(_ context: TLSContext, serverName: String, until deadline: Deadline) -> Securing {
        let link: TLSLink
        do throws(TLSFailure) {
            link = TLSLink(try TLSSession(client: context, serverName: serverName))
        } catch {
            return .failed(error, nil)
        }
        tls = link
        while true {
            let (result, taken) = ciphertext.withUnsafeBytes { bytes in
                var rest = bytes
                let result = link.session.handshake(&rest)
                return (result, bytes.count - rest.count)
            }
            ciphertext.removeFirst(taken)
            let facts: TLSFacts? = if case .failed = result { link.session.facts } else { nil }
            flush(link, until: deadline)
            switch result {
            case .complete(let facts): return .done(facts)
            case .failed(let failure): return .failed(failure, facts)
            case .inProgress: break
            }
            switch receiveRaw(until: deadline) {
            case .bytes(let bytes): ciphertext += bytes
            case .timedOut: return .timedOut
            case .finished, .reset, .failedTLS:
                let failure = link.session.transportEnded()
                return .failed(failure ?? TLSFailure(kind: .truncated, sentence: "the server closed during the TLS handshake"), nil)
            }
        }
    }

    private func flush(_ link: TLSLink, until deadline: Deadline) {
        var room = [UInt8](repeating: 0, count: 16_384)
        while link.session.pendingCiphertext > 0 {
            let count = room.withUnsafeMutableBytes { link.session.drain(into: $0) }
            guard count > 0, sendRaw(room[..<count], until: deadline) else { return }
        }
    }

    // MARK: Bytes

    /// Sends all of `bytes`; false if the peer took them not. What it said instead is still there to be received.
    @discardableResult
    public func send(_ bytes: [UInt8], until deadline: Deadline) -> Bool {
        guard let link = tls else { return sendRaw(bytes[...], until: deadline) }
        var sent = 0
        var room = [UInt8](repeating: 0, count: TLSSession.room(for: TLSSession.largestRecord))
        while sent < bytes.count {
            let result = bytes[sent...].withUnsafeBytes { plaintext in
                room.withUnsafeMutableBytes { link.session.encrypt(plaintext, into: $0) }
            }
            guard case .ciphertext(let produced, let taken) = result, produced > 0 else { return false }
            guard sendRaw(room[..<produced], until: deadline) else { return false }
            sent += taken
        }
        return true
    }

    private func sendRaw(_ bytes: ArraySlice<UInt8>, until deadline: Deadline) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { clinux_send(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count == -Int(EAGAIN) {
                guard deadline.wait(for: descriptor, POLLOUT) else { return false }
            } else if count != -Int(EINTR) {
                return false
            }
        }
        return true
    }

    /// Waits for the next bytes.
    public func receive(until deadline: Deadline) -> Received {
        guard let link = tls else { return receiveRaw(until: deadline) }
        var room = [UInt8](repeating: 0, count: TLSSession.largestRecord)
        while true {
            let (result, taken) = ciphertext.withUnsafeBytes { bytes in
                var rest = bytes
                let result = room.withUnsafeMutableBytes { link.session.decrypt(&rest, into: $0) }
                return (result, bytes.count - rest.count)
            }
            ciphertext.removeFirst(taken)
            flush(link, until: deadline)
            switch result {
            case .plaintext(let count): return .bytes(Array(room[..<count]))
            case .closeNotify: return .finished
            case .failed(let failure): return .failedTLS(failure)
            case .needMore: break
            }
            switch receiveRaw(until: deadline) {
            case .bytes(let bytes): ciphertext += bytes
            case let other: return other
            }
        }
    }

    private func receiveRaw(until deadline: Deadline) -> Received {
        var room = [UInt8](repeating: 0, count: 16_384)
        while true {
            // A peer that always has something to say must not outrun the deadline.
            if deadline.hasPassed { return .timedOut }
            let count = room.withUnsafeMutableBytes { clinux_receive(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { return .bytes(Array(room[..<count])) }
            if count == 0 { return .finished }
            guard count == -Int(EAGAIN) || count == -Int(EINTR) else { return .reset(errno: Int32(truncatingIfNeeded: -count)) }
            guard deadline.wait(for: descriptor, POLLIN) else { return .timedOut }
        }
    }
}
