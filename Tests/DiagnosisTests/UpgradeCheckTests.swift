import HTTPWire
import TestSupport
import Testing

@testable import Diagnosis

@Suite struct `The rules of RFC 6455 on heads` {
    static func faults(_ request: [UInt8]) -> [RequestFault] { UpgradeRequestCheck.faults(RequestHead(copy: request)) }

    @Test func `a browser's handshake has no fault`() {
        #expect(Self.faults(Vector.request()).isEmpty)
        #expect(Self.faults(Vector.request(changing: ["Connection": "keep-alive, UPGRADE", "Upgrade": "WebSocket, h2c"])).isEmpty)
    }

    @Test func `every fault is collected, not only the first`() {
        let faults = Self.faults(
            Vector.request(
                "POST /ws HTTP/1.0",
                changing: ["Upgrade": nil, "Connection": nil, "Sec-WebSocket-Key": nil, "Sec-WebSocket-Version": "8"]))
        #expect(faults == [.method, .version10, .upgrade, .connection, .keyMissing, .versionUnsupported])
    }

    @Test(arguments: [
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ", RequestFault.keyMalformed), ("Sec-WebSocket-Key", "", .keyMalformed),
        ("Sec-WebSocket-Version", "13, 8", .versionUnsupported),
        ("Sec-WebSocket-Version", "013", .versionUnsupported), ("Upgrade", "websockets", .upgrade),
        ("Connection", "upgraded", .connection),
    ]) func `a field that is nearly right is wrong`(_ name: String, _ value: String, _ fault: RequestFault) {
        #expect(Self.faults(Vector.request(changing: [name: value])) == [fault])
    }

    @Test func `a repeated key and a body are seen`() {
        #expect(
            Self.faults(Vector.request(adding: ["Sec-WebSocket-Key: \(Vector.key)", "Content-Length: 3"])) == [.keyRepeated, .body])
    }

    @Test func `refusals carry the status that the RFC asks for`() throws {
        func refusal(_ changing: [String: String?], _ line: String = "GET /ws HTTP/1.1") -> Int? {
            UpgradeRequestCheck.refusal(RequestHead(copy: Vector.request(line, changing: changing)))?.status
        }
        #expect(refusal([:]) == nil)
        #expect(refusal([:], "POST /ws HTTP/1.1") == 405)
        #expect(refusal(["Sec-WebSocket-Version": "8"]) == 426)
        #expect(refusal(["Sec-WebSocket-Key": nil]) == 400)
        let version = try #require(
            UpgradeRequestCheck.refusal(RequestHead(copy: Vector.request(changing: ["Sec-WebSocket-Version": "8"]))))
        #expect(version.needsVersionField)
    }

    @Test func `an attempt is recognised even where its fields are broken`() {
        #expect(
            UpgradeRequestCheck.isWebSocketAttempt(
                RequestHead(copy: Vector.request(changing: ["Upgrade": nil, "Connection": nil]))))
        #expect(
            !UpgradeRequestCheck.isWebSocketAttempt(
                RequestHead(copy: bytes("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"))))
    }

    static func answer(_ request: [UInt8], _ response: [UInt8]) -> [ResponseFault] {
        UpgradeResponseCheck.faults(RequestHead(copy: request), ResponseHead(copy: response))
    }

    @Test func `the answer of the RFC's example is valid`() {
        #expect(Self.answer(Vector.request(), Vector.accepted()).isEmpty)
        #expect(UpgradeResponseCheck.isValid101(RequestHead(copy: Vector.request()), ResponseHead(copy: Vector.accepted())))
    }

    @Test func `every fault of an answer is collected`() {
        let response = Vector.response(
            "HTTP/1.1 101 X", "Sec-WebSocket-Accept: nonsense", "Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Extensions: x-foo",
            "Content-Length: 5")
        #expect(
            Self.answer(Vector.request(), response) == [
                .upgradeMissing, .connectionMissing, .acceptWrong, .subprotocolNotOffered, .extensionNotOffered, .bodyAnnounced,
            ])
    }

    @Test func `two accept fields are one too many`() {
        #expect(Self.answer(Vector.request(), Vector.accepted("Sec-WebSocket-Accept: \(Vector.accept)")) == [.acceptRepeated])
    }

    @Test(arguments: [
        ("permessage-deflate; client_max_window_bits", "permessage-deflate", true),
        (
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=12; server_max_window_bits=12", true
        ),
        ("permessage-deflate", "permessage-deflate; client_max_window_bits=12", false),
        ("permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10", true),
        ("permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=12", false),
        ("permessage-deflate; server_max_window_bits=10", "permessage-deflate", false),
        ("permessage-deflate; server_no_context_takeover", "permessage-deflate", false),
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover", true),
        ("permessage-deflate", "permessage-deflate; server_max_window_bits=7", false),
        ("permessage-deflate", "permessage-deflate; server_max_window_bits=\"9\"", true),
        ("permessage-deflate", "permessage-deflate; x", false),
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover; server_no_context_takeover", false),
        ("permessage-deflate; client_max_window_bits=10, permessage-deflate", "permessage-deflate", true),
    ]) func `the parameters of permessage-deflate must follow from the offer`(_ offer: String, _ answer: String, _ isValid: Bool) {
        let faults = Self.answer(
            Vector.request(changing: ["Sec-WebSocket-Extensions": offer]), Vector.accepted("Sec-WebSocket-Extensions: \(answer)"))
        #expect(faults == (isValid ? [] : [.extensionParameters]))
    }

    @Test func `findings quote the line and its place`() throws {
        let head = RequestHead(copy: Vector.request(changing: ["Connection": "keep-alive"]))
        let finding = try #require(UpgradeRequestCheck.findings(head).first)
        #expect(finding.id == "handshake.connection-token-missing")
        let evidence = try #require(finding.evidence.first)
        #expect(evidence.observed == "Connection: keep-alive")
        let location = try #require(evidence.location)
        #expect(
            Array(head.bytes[Int(location.offset)..<Int(location.offset + location.length)]) == Array("Connection: keep-alive".utf8)
        )
    }
}
