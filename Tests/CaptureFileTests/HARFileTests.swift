import CaptureFile
import TestSupport
import Testing
import Wire

@Suite struct HARFileTests {
    private let document = #"""
        {"log":{"version":"1.2","entries":[
          {"startedDateTime":"2023-11-14T22:13:20.500Z","_resourceType":"websocket","request":{"method":"GET","url":"wss://app.example.com/ws?a=1#x",
           "headers":[{"name":"Host","value":"app.example.com"},{"name":"Upgrade","value":"websocket"},{"name":":path","value":"/"},
           {"name":"X-Bad","value":"a\r\nInjected: b"}]},
           "response":{"status":101,"statusText":"Switching Protocols","headers":[{"name":"Upgrade","value":"websocket"}],"content":{}},
           "timings":{"wait":12.5},
           "_webSocketMessages":[{"type":"send","time":1700000001.25,"opcode":1,"data":"h\u00e9llo \ud83d\ude00"},
           {"type":"receive","time":1700000002,"opcode":2,"data":"AAEC/w=="},{"type":"receive","time":-1,"opcode":1,"data":"x"}]},
          {"request":{"method":"GET","url":"https://app.example.com/style.css","headers":[]},"response":{"status":200}}]}}
        """#

    @Test func `handshakes and messages are read, other entries are not`() throws {
        let file = try #require(HARFile(Array(document.utf8)))
        let session = try #require(file.sessions.first)
        #expect(file.sessions.count == 1)
        #expect(session.startedAt == Timestamp(nanoseconds: 1_700_000_000_500_000_000))
        #expect(
            session.request == bytes("GET /ws?a=1 HTTP/1.1\r\nHost: app.example.com\r\nUpgrade: websocket\r\n\r\n"),
            "a value that would begin another line is left out")
        #expect(session.response == bytes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"))
        #expect(session.wait == TimeSpan(nanoseconds: 12_500_000))
        #expect(session.messages.map(\.payload) == [Array("h\u{e9}llo \u{1F600}".utf8), [0, 1, 2, 255]])
        #expect(session.messages.map(\.direction) == [.clientToServer, .serverToClient])
        #expect(session.messages.first?.time == Timestamp(nanoseconds: 1_700_000_001_250_000_000))
    }

    @Test func `a field's value may have a tab`() throws {
        let entry = #"{"_resourceType":"websocket","request":{"url":"ws://a/ws","headers":[{"name":"X","value":"a\tb"}]}}"#
        let file = try #require(HARFile(Array(#"{"log":{"entries":[\#(entry)]}}"#.utf8)))
        let session = try #require(file.sessions.first)
        #expect(session.request == bytes("GET /ws HTTP/1.1\r\nHost: a\r\nX: a\tb\r\n\r\n"))
    }

    @Test func `a refusal of which Chromium keeps only a sentence has its status, and messages before the wait's end shorten it`()
        throws
    {
        func entry(_ status: Int, _ message: String) -> String {
            """
            {"startedDateTime":"2023-11-14T22:13:20.500Z","_resourceType":"websocket","request":{"method":"GET","url":"ws://a/ws","headers":[]},
             "response":{"status":\(status),"statusText":"","headers":[]},"timings":{"wait":900},"_webSocketMessages":[\(message)]}
            """
        }
        let file = try #require(
            HARFile(
                Array(
                    """
                    {"log":{"entries":[\(entry(0, #"{"type":"error","time":1700000000.6,"opcode":-1,"data":"Error during WebSocket handshake: Unexpected response code: 403"}"#)),
                    \(entry(0, #"{"type":"error","time":1,"opcode":-1,"data":"Unexpected response code: 101"}"#)),
                    \(entry(101, #"{"type":"send","time":1700000000.7,"opcode":1,"data":"x"}"#))]}}
                    """.utf8)))
        #expect(
            file.sessions.map { $0.response.map { String(decoding: $0, as: UTF8.self) } } == [
                "HTTP/1.1 403 \r\n\r\n", nil, "HTTP/1.1 101 \r\n\r\n",
            ])
        #expect(file.sessions.map(\.isStatusOnly) == [true, false, false])
        #expect(file.sessions[0].messages.isEmpty)
        #expect(file.sessions[2].wait == .milliseconds(200))
    }

    @Test(arguments: [
        "", "{", "[1,2", "{\"log\":{}}", "{\"log\":{\"entries\":5}}", "{\"a\":1}x", "\"\\ud800", "nul", "{\"a\" 1}", "01a", "-",
        "1e999",
    ])
    func `what is no HAR gives none`(_ text: String) { #expect(HARFile(Array(text.utf8)) == nil) }

    @Test(arguments: ["1e300", "-1e300", "101.5", "-1"])
    func `a status that is no number of three digits is none`(_ status: String) throws {
        let entry = #"{"_resourceType":"websocket","request":{"url":"ws://a/ws"},"response":{"status":\#(status)}}"#
        let text = #"{"log":{"entries":[\#(entry)]}}"#
        let file = try #require(HARFile(Array(text.utf8)))
        let session = try #require(file.sessions.first)
        #expect(session.response == nil)
    }

    @Test func `a number keeps its digits, and differs from another with the same double`() throws {
        func node(_ text: String) throws -> JSONNode { try #require(JSONNode(Array(text.utf8))) }
        let name = try node(#"{"id":1234567890123456789}"#)
        guard case .number(let number)? = name["id"] else {
            Issue.record("no number")
            return
        }
        #expect(number.text == "1234567890123456789")
        #expect(name["id"]?.number == 1_234_567_890_123_456_789)
        #expect(try name != node(#"{"id":1234567890123456788}"#))
        #expect(try node("-9007199254740993") != node("-9007199254740992"))
        let same = [
            ("1", "1.0"), ("100", "1e2"), ("0.5", "5E-1"), ("-0", "0"), ("1e20", "100000000000000000000"),
            ("9007199254740992", "9007199254740992.0"), ("-1.20e+301", "-12E300"), ("1e999", "10.0e998"),
        ]
        for (one, other) in same {
            #expect(try node(one) == node(other), "\(one) \(other)")
            #expect(try node(one).hashValue == node(other).hashValue, "\(one) \(other)")
        }
        #expect(try node("9007199254740993.0") != node("9007199254740992"))
        #expect(try node("1e20") != node("-1e20"))
        let endless = "1e99999999999999999999"
        #expect(try node(endless) == node(endless))
        #expect(try node(endless) != node("1e999"))
        #expect(try node("1") != node("2"))
        let beyond = try node("1e999")
        #expect(beyond.number == nil)
        #expect(try beyond == node("1e999"))
        #expect(try beyond != node("1e998"))
    }

    @Test func `a document that nests without end is refused`() {
        #expect(JSONNode(Array(String(repeating: "[", count: 100_000).utf8)) == nil)
        #expect(JSONNode(Array(String(repeating: "{\"a\":", count: 100_000).utf8)) == nil)
    }
}
