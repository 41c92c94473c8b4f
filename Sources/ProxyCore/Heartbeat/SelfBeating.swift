public import Wire

/// An application protocol with a heartbeat of its own, as the opening handshake shows it.
///
/// What is left to do about such a session. Its beats are traffic, and traffic postpones pings; but a beat whose period is the ping's
/// interval (25 s and 30 s are what these protocols take) comes a moment too late every time, and the side would be beaten twice. So a
/// side that beats by itself is waited for a quarter longer: 31.25 s instead of 25 s. If the beat doesn't come in that time (the application
/// turned it off, or beats more slowly than the operator wants to hear from it), the side is asked like any other from then on.
/// Payloads aren't read for this, and needn't be: whatever comes in that time shows the same as the beat, that the side lives.
///
/// SockJS, the old protocol of GraphQL and ActionCable beat from the server alone. The client's side of such a session is silent, so it is asked as usual: nobody
/// else does.
public enum SelfBeating: Sendable, Hashable, CaseIterable {
    /// Engine.IO, under Socket.IO: "2" is answered by "3", every 25 s.
    case engineIO
    /// SockJS: "h" from the server, every 25 s.
    case sockJS
    /// Phoenix channels: the client's `heartbeat` on the topic `phoenix` is replied to, every 30 s.
    case phoenix
    /// graphql-transport-ws: {"type":"ping"} is answered by {"type":"pong"}, as often as the application says.
    case graphQL
    /// Its predecessor, subscriptions-transport-ws, whose subprotocol is `graphql-ws`: {"type":"ka"} from the server.
    case graphQLKeepAlive
    /// ActionCable: {"type":"ping"} from the server, every 3 s.
    case actionCable

    /// Whether `side` speaks in this protocol's heartbeat.
    public func speaks(_ side: Side) -> Bool {
        switch self {
        case .engineIO, .phoenix, .graphQL: true
        case .sockJS, .graphQLKeepAlive, .actionCable: side == .upstream
        }
    }

    /// Looks at an opened session's handshake.
    ///
    /// - Parameters:
    ///   - path: The request's path, without the query.
    ///   - query: The request's query; empty if there is none.
    ///   - subprotocol: What the backend chose; empty if nothing.
    public init?(path: RawSpan, query: RawSpan, subprotocol: RawSpan) {
        if subprotocol.equals("graphql-transport-ws") {
            self = .graphQL
        } else if subprotocol.equals("graphql-ws") {
            self = .graphQLKeepAlive
        } else if subprotocol.equals("actioncable-v1-json") {
            self = .actionCable
        } else if query.hasParameter("EIO=") {
            self = .engineIO
        } else if query.hasParameter("vsn="), path.hasSuffix("/websocket") {
            self = .phoenix
        } else if SelfBeating.isSockJS(path) {
            self = .sockJS
        } else {
            return nil
        }
    }

    /// `…/SERVER/SESSION/websocket`, where the server is three digits.
    private static func isSockJS(_ path: RawSpan) -> Bool {
        let tail: StaticString = "/websocket"
        guard path.hasSuffix(tail) else { return false }
        var end = path.byteCount - tail.utf8CodeUnitCount
        let session = end
        while end > 0, path.byte(at: end - 1) != 0x2F { end -= 1 }
        guard end < session, end >= 5, path.byte(at: end - 5) == 0x2F else { return false }
        return (end - 4..<end - 1).allSatisfy { (0x30...0x39).contains(path.byte(at: $0)) }
    }
}

extension RawSpan {
    fileprivate func equals(_ text: StaticString) -> Bool { byteCount == text.utf8CodeUnitCount && matches(text, at: 0) }

    fileprivate func hasSuffix(_ text: StaticString) -> Bool {
        byteCount >= text.utf8CodeUnitCount && matches(text, at: byteCount - text.utf8CodeUnitCount)
    }

    /// Whether a parameter of a query begins with `text`.
    fileprivate func hasParameter(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard byteCount >= length else { return false }
        return (0...byteCount - length).contains { ($0 == 0 || byte(at: $0 - 1) == 0x26) && matches(text, at: $0) }
    }

    private func matches(_ text: StaticString, at offset: Int) -> Bool {
        text.withUTF8Buffer { buffer in
            buffer.indices.allSatisfy { unsafe buffer[$0] == byte(at: offset + $0) }
        }
    }
}
