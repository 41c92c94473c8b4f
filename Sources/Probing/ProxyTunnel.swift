public import Diagnosis
public import HTTPWire
import Wire

/// A way through a forward proxy, as companies have them: CONNECT, and from its 2xx on the connection is the target's (RFC 9110 §9.3.6).
///
/// Browsers go the same way for `wss` and for `ws`, so what a proxy does to a WebSocket shows itself here and nowhere else.
public struct ProxyTunnel: Sendable, Hashable {
    public var host: String
    public var port: UInt16
    /// The value of Proxy-Authorization, if credentials were given.
    public var authorization: String?

    /// Reads `http://[USER:PASSWORD@]HOST:PORT`.
    public init(_ text: String) throws(DiagnosePlace.Fault) {
        let fault = DiagnosePlace.Fault(
            sentence: "--proxy needs http://HOST:PORT, with USER:PASSWORD@ before the host where it asks for them")
        guard text.hasPrefix("http://") else { throw fault }
        var rest = text.dropFirst(7)
        if let at = rest.lastIndex(of: "@") {
            authorization = "Basic " + ProxyTunnel.base64(Array(rest[..<at].utf8))
            rest = rest[rest.index(after: at)...]
        }
        let place = try DiagnosePlace("http://\(rest)")
        guard place.target == "/" else { throw fault }
        (host, port) = (place.host, place.port)
    }

    /// What came of asking for the tunnel.
    public enum Answer {
        case open
        case refused(ResponseHead)
        case failed(HandshakeFailure)
    }

    /// Asks the proxy at the other end of `connection` for a way to `authority` (with its port).
    public func open(_ connection: HandshakeConnection, to authority: String, until deadline: Deadline) -> Answer {
        var head = "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n"
        if let authorization { head += "Proxy-Authorization: \(authorization)\r\n" }
        connection.send(Array((head + "\r\n").utf8), until: deadline)
        var bytes: [UInt8] = []
        var scanner = HeadScanner(limit: AnswerReader.headLimit)
        while true {
            switch connection.receive(until: deadline) {
            case .bytes(let more):
                bytes += more
                switch scanner.scan(more.span.bytes) {
                case .needMore: continue
                case .tooLarge: return .failed(.notHTTP(first: Array(bytes.prefix(64))))
                case .complete(let length):
                    let response = ResponseHead(copy: Array(bytes[..<length]))
                    if response.isInterim { return .failed(.notHTTP(first: Array(bytes.prefix(64)))) }
                    return (200..<300).contains(response.status) ? .open : .refused(response)
                }
            case .timedOut: return .failed(.connectTimedOut)
            case .finished: return .failed(.closedBeforeResponse(.finished, bytesSeen: bytes.count))
            case .reset(let errno): return .failed(.closedBeforeResponse(.reset(errno: errno), bytesSeen: bytes.count))
            case .failedTLS: return .failed(.connectTimedOut)
            }
        }
    }

    /// What a proxy's refusal means. Its answer is about the way, never about the WebSocket.
    public static func verdict(_ refusal: ResponseHead) -> Verdict {
        let line = refusal.text(refusal.lineRange, limit: 200)
        let (cause, title, confidence, fix): (Cause, String, Confidence, String) =
            switch refusal.status {
            case 407:
                (
                    .credentialsMissing, "The proxy on the way demands credentials", .proven,
                    "Give them: --proxy http://USER:PASSWORD@HOST:PORT; browsers take them from the system's settings"
                )
            case 502, 503, 504:
                (
                    .upstreamHangs, "The proxy on the way can't reach the server", .likely,
                    "Look up from the proxy's own network whether the name resolves there and the port is open"
                )
            default:
                (
                    .blockedByRule, "The proxy on the way refuses the tunnel", .likely,
                    "Let the proxy allow CONNECT to this host and port; many allow port 443 only"
                )
            }
        return Verdict(
            cause: cause, title: title, confidence: confidence, blame: .intermediary,
            answeredBy: Responder(who: .intermediary, confidence: .proven, because: ["the answer to CONNECT"]),
            evidence: [Evidence(what: "answer to CONNECT", observed: line)], fix: [fix])
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for index in 0..<4 { text.append(index <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)] : 0x3D) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
