import Diagnosis
import HTTPWire
import Probing
import ProxyCore
import TLSEngine
import Wire

/// One request to a service of the operator's, from a thread that may wait: a connection of its own, one deadline for all of it, which
/// the addresses of its name share, no redirects; TLS as the configuration says, else as browsers check it.
enum ServiceCall {
    /// Why there is no answer, in words without secrets.
    struct Fault: Error, Sendable {
        let observed: String
    }

    private static let headLimit = 32 << 10
    private static let mostInterim = 4

    /// Sends `request` and reads the answer.
    ///
    /// - Parameters:
    ///   - context: for `https`; without one such a service isn't asked.
    ///   - bodyLimit: the most bytes of a body; nil doesn't read it.
    static func ask(
        _ endpoint: Endpoint, _ request: [UInt8], context: TLSContext?, bodyLimit: Int?, until deadline: Deadline
    ) throws(Fault) -> (head: ResponseHead, body: [UInt8]) {
        let connection = try connect(endpoint, until: deadline)
        if endpoint.isSecure {
            guard let context else { throw Fault(observed: "no TLS settings") }
            switch connection.startTLS(context, serverName: endpoint.host, until: deadline) {
            case .done: break
            case .failed(let failure, _): throw Fault(observed: "\(failure.kind.name) (\(failure.sentence))")
            case .timedOut: throw Fault(observed: "no end of the TLS handshake in time")
            }
        }
        connection.send(request, until: deadline)
        return try read(connection, bodyLimit: bodyLimit, until: deadline)
    }

    private static func connect(_ endpoint: Endpoint, until deadline: Deadline) throws(Fault) -> HandshakeConnection {
        let (addresses, failure) = Resolver.lookUp(endpoint)
        for (attempt, address) in addresses.enumerated() where !deadline.hasPassed {
            // A host that is gone says nothing at all, and must not spend the others' time.
            let share = EndpointAddresses.share(of: deadline.remaining, attempt: attempt, of: addresses.count)
            if case .open(let connection) = HandshakeConnection.open(address, until: min(deadline, .after(share))) {
                return connection
            }
        }
        throw Fault(observed: failure ?? "no connection to \(endpoint.authority)")
    }

    private static func read(
        _ connection: HandshakeConnection, bodyLimit: Int?, until deadline: Deadline
    ) throws(Fault) -> (ResponseHead, [UInt8]) {
        let (head, rest) = try readHead(connection, until: deadline)
        guard let bodyLimit else { return (head, []) }
        var decoder = BodyDecoder(framing: head.framing(forRequestMethod: .get))
        var body: [UInt8] = []
        var bytes = rest
        while true {
            var cursor = ByteCursor(bytes.span.bytes)
            do throws(BodyFault) {
                while let event = try decoder.next(&cursor) {
                    if case .data(let range) = event { body += bytes[range] }
                    if case .end = event { return (head, body) }
                }
            } catch { throw Fault(observed: "an answer whose body is malformed") }
            if decoder.isComplete { return (head, body) }
            guard body.count <= bodyLimit else { throw Fault(observed: "more than \(bodyLimit >> 10) KiB") }
            switch connection.receive(until: deadline) {
            case .bytes(let more): bytes = more
            case .finished where (try? decoder.senderFinished()) != nil: return (head, body)
            case .timedOut: throw Fault(observed: "an answer that took too long")
            case .finished, .reset, .failedTLS: throw Fault(observed: "an answer that broke off")
            }
        }
    }

    private static func readHead(
        _ connection: HandshakeConnection, until deadline: Deadline
    ) throws(Fault) -> (ResponseHead, rest: [UInt8]) {
        var scanner = HeadScanner(limit: headLimit)
        var bytes: [UInt8] = []
        var fresh: [UInt8] = []
        var interim = 0
        while true {
            switch scanner.scan(fresh.span.bytes) {
            case .needMore: break
            case .tooLarge: throw Fault(observed: "a head of more than \(headLimit >> 10) KiB")
            case .complete(let length):
                let head = ResponseHead(copy: Array(bytes.prefix(length)))
                bytes.removeFirst(min(length, bytes.count))
                guard head.isForwardable else { throw Fault(observed: "an answer that is no HTTP") }
                guard head.isInterim else { return (head, bytes) }
                interim += 1
                guard interim <= mostInterim else { throw Fault(observed: "interim answers without end") }
                scanner.reset()
                fresh = bytes
                continue
            }
            switch connection.receive(until: deadline) {
            case .bytes(let more):
                fresh = more
                bytes += more
            case .timedOut: throw Fault(observed: "no answer in time")
            case .finished, .reset, .failedTLS: throw Fault(observed: "a connection that ended without an answer")
            }
        }
    }
}
