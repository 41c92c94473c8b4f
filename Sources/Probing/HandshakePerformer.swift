import CLinux
public import Diagnosis
public import HTTPWire
public import TLSEngine
public import Wire

/// Performs one handshake from the connection to the answer, and writes down all that was seen of it.
///
/// One connection each, nothing kept alive: what a backend does with the second request of a connection is another question.
public struct HandshakePerformer {
    /// One step of the path, as it happens.
    public enum Step {
        case tried(SocketAddress, String)
        case tunnelled(ProxyTunnel)
        case notTunnelled(ProxyTunnel, ResponseHead)
        case secured(TLSFacts)
        case notSecured(TLSFailure, TLSFacts?)
        case sent(RequestHead)
    }

    let place: DiagnosePlace
    let proxy: ProxyTunnel?
    /// Nil where no handshake is to be made over TLS.
    let context: TLSContext?
    /// How long an answer may take.
    public let timeout: TimeSpan

    public init(place: DiagnosePlace, proxy: ProxyTunnel? = nil, context: TLSContext?, timeout: TimeSpan) {
        self.place = place
        self.proxy = proxy
        self.context = context
        self.timeout = timeout
    }

    /// The same with another time for an answer.
    public func waiting(_ timeout: TimeSpan) -> HandshakePerformer {
        HandshakePerformer(place: place, proxy: proxy, context: context, timeout: timeout)
    }

    /// How long connecting to one of several addresses may take.
    private static let connectWait = TimeSpan.seconds(3)

    /// One handshake with the head `bytes`.
    ///
    /// - Parameters:
    ///   - addresses: tried in order until one accepts.
    ///   - isSecure: whether TLS comes first.
    ///   - bodyWait: how long the body may take, once the head is there.
    ///   - limit: the end of all handshakes together.
    ///   - watching: how long an opened session is looked at before it is closed; what ends by itself ends the watch.
    public func perform(
        _ bytes: [UInt8], addresses: [SocketAddress], isSecure: Bool, bodyWait: TimeSpan, limit: Deadline,
        watching: TimeSpan = .zero, report: (Step) -> Void = { _ in }
    ) -> PerformedHandshake {
        var (performed, opened) = handshake(bytes, addresses, isSecure, bodyWait, limit, report)
        if let opened {
            var watch = SessionWatch(opened, performed.observation)
            performed.closing = watch.perform(for: watching)
        }
        return performed
    }

    /// A connection on which a session was opened, and what came in one piece with its 101.
    public struct Opened {
        public let connection: HandshakeConnection
        public let frames: [UInt8]
    }

    /// The handshake alone: an opened session is the caller's to close.
    public func handshake(
        _ bytes: [UInt8], _ addresses: [SocketAddress], _ isSecure: Bool, _ bodyWait: TimeSpan, _ limit: Deadline,
        _ report: (Step) -> Void = { _ in }
    ) -> (PerformedHandshake, Opened?) {
        let observation = HandshakeObservation(
            session: SessionID(0), openedAt: Timestamp(nanoseconds: clinux_realtime()),
            client: ClientFacts(address: SocketAddress(v4: 0, port: 0), scheme: isSecure ? "https" : "http"))
        let request = RequestHead(copy: bytes, limits: HandshakePerformer.ownLimits)
        observation.request = request
        var performed = PerformedHandshake(observation: observation, request: request, isSecure: isSecure)
        let watch = Stopwatch()
        defer { observation.timings.total = watch.span }
        guard let connection = connect(addresses, &performed, limit, report) else { return (performed, nil) }
        guard tunnel(connection, &performed, limit, report) else { return (performed, nil) }
        if isSecure {
            guard secure(connection, &performed, limit, report) else { return (performed, nil) }
        }
        let deadline = min(limit, .after(timeout))
        performed.isCut = limit <= deadline
        report(.sent(request))
        let sent = Stopwatch()
        // What the peer says to a request that it doesn't take is read all the same.
        connection.send(bytes, until: deadline)
        var reader = AnswerReader(connection, observation)
        reader.read(until: deadline, bodyWait: bodyWait, since: sent)
        performed.isCut = performed.isCut && observation.failure == .responseHeadTimedOut
        return (performed, observation.response?.status == 101 ? Opened(connection: connection, frames: reader.frames) : nil)
    }

    /// Heads that a user asks for may be larger than those that a proxy takes.
    private static let ownLimits = HeadLimits(head: 16 << 20, target: 16 << 20, fieldLine: 16 << 20, fieldCount: 4096)

    private func connect(
        _ addresses: [SocketAddress], _ performed: inout PerformedHandshake, _ limit: Deadline, _ report: (Step) -> Void
    ) -> HandshakeConnection? {
        let watch = Stopwatch()
        var failure = HandshakeFailure.noAddress
        for (index, address) in addresses.enumerated() {
            let isLast = index == addresses.count - 1
            let wait = min(timeout, isLast ? timeout : HandshakePerformer.connectWait)
            performed.observation.endpoint = address.description
            switch HandshakeConnection.open(address, until: min(limit, .after(wait))) {
            case .open(let connection):
                performed.observation.timings.connect = watch.span
                performed.address = address
                report(.tried(address, "connected, \(watch.span.shown)"))
                return connection
            case .refused(let errno):
                report(.tried(address, "connection refused"))
                // Silence weighs more than a refusal beside it: the host may be the right one, behind a filter.
                if failure != .connectTimedOut { failure = .upstreamRefused(errno: errno) }
            case .failed(let errno):
                report(.tried(address, "no connection (errno \(errno))"))
                if failure == .noAddress { failure = .connectFailed(errno: errno) }
            case .timedOut:
                report(.tried(address, "no answer, \(watch.span.shown)"))
                failure = .connectTimedOut
            }
            if limit.hasPassed { break }
        }
        performed.observation.failure = failure
        return nil
    }

    /// Goes through the proxy, if there is one; false where it doesn't let us.
    private func tunnel(
        _ connection: HandshakeConnection, _ performed: inout PerformedHandshake, _ limit: Deadline, _ report: (Step) -> Void
    ) -> Bool {
        guard let proxy else { return true }
        let name = place.host.contains(":") ? "[\(place.host)]" : place.host
        switch proxy.open(connection, to: "\(name):\(place.port)", until: min(limit, .after(timeout))) {
        case .open:
            report(.tunnelled(proxy))
            return true
        case .refused(let response):
            performed.observation.failure = .connectFailed(errno: 0)
            performed.tunnelRefusal = response
            report(.notTunnelled(proxy, response))
        case .failed(let failure): performed.observation.failure = failure
        }
        return false
    }

    /// Performs the TLS handshake; false where it failed.
    private func secure(
        _ connection: HandshakeConnection, _ performed: inout PerformedHandshake, _ limit: Deadline, _ report: (Step) -> Void
    ) -> Bool {
        let watch = Stopwatch()
        let deadline = min(limit, .after(timeout))
        guard let context else { return false }
        switch connection.startTLS(context, serverName: place.host, until: deadline) {
        case .done(let facts):
            performed.observation.timings.tls = watch.span
            performed.tls = facts
            report(.secured(facts))
            return true
        case .failed(let failure, let facts):
            performed.observation.failure = .upstreamTLS(kind: failure.kind.name, sentence: failure.sentence)
            performed.tls = facts
            report(.notSecured(failure, facts))
        case .timedOut:
            // Whoever accepts and says nothing to a ClientHello says nothing to a request either.
            performed.observation.failure = .responseHeadTimedOut
            performed.observation.timings.response = watch.span
            performed.isCut = limit <= deadline
        }
        return false
    }
}

/// One handshake that was made.
public struct PerformedHandshake {
    public let observation: HandshakeObservation
    public let request: RequestHead
    public let isSecure: Bool
    /// The address that accepted.
    public var address: SocketAddress?
    public var tls: TLSFacts?
    /// Whether its silence is only the end of the time for all handshakes, and so says nothing.
    public var isCut = false
    /// What the proxy on the way said instead of opening a tunnel.
    public var tunnelRefusal: ResponseHead?
    /// How the server ended or broke the session at once, of its own accord.
    public var closing: SessionRecord?
    /// What it changed, where it is a probe.
    public var change: String?

    init(observation: HandshakeObservation, request: RequestHead, isSecure: Bool) {
        self.observation = observation
        self.request = request
        self.isSecure = isSecure
    }
}

extension TimeSpan {
    /// `0.4 ms`, `312 ms`, `1.2 s`.
    public var shown: String {
        let tenths = nanoseconds / 100_000
        if tenths < 1000 { return "\(tenths / 10).\(tenths % 10) ms" }
        if tenths < 10_000 { return "\(tenths / 10) ms" }
        return "\(tenths / 10_000).\(tenths / 1000 % 10) s"
    }
}
