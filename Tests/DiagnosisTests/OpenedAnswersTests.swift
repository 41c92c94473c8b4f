import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import Diagnosis

@Suite struct `Answers that opened sessions are read once for each shape` {
    /// A request with this key, and the answer to it.
    private func handshake(key: String, date: String, _ adding: [String]) -> HandshakeObservation {
        let accept = AcceptKey(key: Array(key.utf8).span.bytes).text
        let lines = [
            "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: \(accept)",
        ]
        let answer = bytes((lines + ["Date: \(date)"] + adding).joined(separator: "\r\n"), "\r\n\r\n")
        return Vector.observation(Vector.request(changing: ["Sec-WebSocket-Key": key]), answer)
    }

    private let first = ("AAAAAAAAAAAAAAAAAAAAAA==", "Sat, 21 Nov 2026 10:00:00 GMT")
    private let second = ("BBBBBBBBBBBBBBBBBBBBBA==", "Sat, 21 Nov 2026 10:00:07 GMT")

    private static let shapes = [
        [], ["Server: uvicorn"], ["Server: TornadoServer/6.4"], ["Server: nginx/1.22.1"], ["Via: 1.1 edge"],
        ["Server: Python/3.11 websockets/12.0"], ["Sec-WebSocket-Extensions: permessage-deflate"],
        ["server: cloudflare", "cf-ray: 1"],
    ]

    @Test(arguments: shapes)
    func `what a shape says is the same the second time`(_ adding: [String]) {
        var answers = OpenedAnswers()
        _ = HandshakeJudge.opened(handshake(key: first.0, date: first.1, adding), at: Vector.now, &answers)
        let again = handshake(key: second.0, date: second.1, adding)
        let recalled = HandshakeJudge.opened(again, at: Vector.now, &answers)
        let fresh = HandshakeJudge.analyzer(for: again, at: Vector.now)
        #expect(recalled.analyzer.traits == fresh.traits)
        #expect(recalled.analyzer.stack == fresh.stack)
        #expect(recalled.analyzer.hop == fresh.hop)
        #expect(recalled.findings.isEmpty)
    }

    @Test func `shapes of one length are told apart, and more of them than are remembered`() {
        var answers = OpenedAnswers()
        for round in 0..<3 {
            for number in 0..<OpenedAnswers.limit + 3 {
                let adding = number % 2 == 0 ? ["Server: nginx/1.\(10 + number)"] : ["Server: other/1.\(10 + number)"]
                let observation = handshake(key: first.0, date: first.1, adding)
                let opened = HandshakeJudge.opened(observation, at: Vector.now, &answers)
                #expect(opened.analyzer.hop == HandshakeJudge.analyzer(for: observation, at: Vector.now).hop, "\(round) \(number)")
            }
        }
    }

    @Test func `a meaning is worked out once`() throws {
        var answers = OpenedAnswers()
        var readings = 0
        for (key, date) in [first, second, first] {
            let head = try #require(handshake(key: key, date: date, ["Server: uvicorn"]).response)
            _ = answers.meaning(of: head) {
                readings += 1
                return OpenedAnswers.Meaning(signs: [], author: nil, hop: nil)
            }
        }
        #expect(readings == 1)
    }

    @Test func `a fault is found though the shape is known`() {
        var answers = OpenedAnswers()
        _ = HandshakeJudge.opened(handshake(key: first.0, date: first.1, []), at: Vector.now, &answers)
        let wrong = handshake(key: second.0, date: second.1, [])
        wrong.request = handshake(key: first.0, date: first.1, []).request
        let opened = HandshakeJudge.opened(wrong, at: Vector.now, &answers)
        #expect(opened.findings.contains { $0.id.contains("accept") })
    }
}
