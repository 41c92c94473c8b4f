import CaptureFile
import HTTPWire
import Testing
import WebSocketWire
import Wire

@testable import Tools

/// What counts as a difference, and how it is said.
@Suite struct ComparisonTests {
    private func recorded(_ answers: [String], _ ending: RecordedSession.Ending = .client(code: 1000, at: .zero, answer: 1000))
        -> RecordedSession
    {
        RecordedSession(
            number: 1, request: RequestHead(copy: Array("GET / HTTP/1.1\r\n\r\n".utf8)), startedAt: .zero, status: 101,
            messages: answers.map {
                RecordedSession.Message(direction: .serverToClient, at: .zero, opcode: .text, payload: Array($0.utf8))
            }, ending: ending)
    }

    private func played(_ answers: [String], _ ending: PlayedSession.Ending = .closed(1000), closedFirst: Bool = true)
        -> PlayedSession
    {
        PlayedSession(
            status: 101,
            answers: answers.map { PlayedSession.Message(opcode: .text, payload: Array($0.utf8)) }, ending: ending,
            closedFirst: closedFirst)
    }

    private func differences(
        _ old: RecordedSession, _ new: PlayedSession, _ rules: MessageRules = MessageRules(), rewrite: [String] = [],
        expected: Int? = nil
    ) throws -> [String] {
        var learnt = LearntValues(try RewriteRules(rewrite), old)
        for answer in new.answers { learnt.learn(answer.payload) }
        return SessionComparison(rules: rules, expectedStatus: expected).differences(old, new, learnt).map {
            "\($0.kind.rawValue): \($0.sentence)"
        }
    }

    @Test func `compression that is no more agreed on differs, unless the recording or the user doesn't care`() throws {
        var old = recorded([])
        #expect(try differences(old, played([])) == [], "the recording doesn't tell")
        old.isCompressed = true
        #expect(try differences(old, played([])) == ["compression: extensions: recorded permessage-deflate, now no compression"])
        var new = played([])
        new.isCompressed = true
        #expect(try differences(old, new) == [])
        old.isCompressed = false
        #expect(try differences(old, new) == ["compression: extensions: recorded no compression, now permessage-deflate"])
        let learnt = LearntValues(try RewriteRules([]), old)
        #expect(SessionComparison(rules: MessageRules(), comparesCompression: false).differences(old, new, learnt) == [])
    }

    @Test func `JSON is compared by its values`() throws {
        #expect(try differences(recorded([#"{"a":1,"b":[1,2]}"#]), played([#"{ "b": [1, 2.0], "a": 1 }"#])) == [])
        #expect(
            try differences(recorded([#"{"a":1,"b":[1,2]}"#]), played([#"{"a":1,"b":[1,3]}"#]))
                == ["message-differs: answer 1: $.b[1]: recorded 2, now 3"])
        var exact = MessageRules()
        exact.mode = .exact
        #expect(try differences(recorded([#"{"a":1}"#]), played([#"{"a": 1}"#]), exact).count == 1)
    }

    @Test func `integers that a double can't tell apart differ, and are learnt and replaced digit by digit`() throws {
        let (one, two) = (#"{"id":1234567890123456789}"#, #"{"id":1234567890123456788}"#)
        #expect(
            try differences(recorded([one]), played([two]))
                == ["message-differs: answer 1: $.id: recorded 1234567890123456789, now 1234567890123456788"])
        var learnt = LearntValues(try RewriteRules(["json:$.id"]), recorded([one]))
        learnt.learn(Array(two.utf8))
        #expect(learnt.sent(Array(#"{"for":1234567890123456789}"#.utf8)) == Array(#"{"for":1234567890123456788}"#.utf8))
    }

    @Test func `a server that ended the connection by itself has to do so again, in either way`() throws {
        let crashed = recorded(["a"], .cut(by: .upstream))
        #expect(try differences(crashed, played(["a"], .cut(reset: false), closedFirst: false)) == [])
        #expect(try differences(crashed, played(["a"], .cut(reset: true), closedFirst: false)) == [])
        let repaired: [(PlayedSession.Ending, Bool)] = [
            (.closed(1000), true), (.silent, false), (.cut(reset: false), true), (.closed(1011), false),
        ]
        for (ending, closedFirst) in repaired {
            let found = try differences(crashed, played(["a"], ending, closedFirst: closedFirst))
            #expect(found.count == 1 && found.allSatisfy { $0.hasPrefix("close: end: recorded") }, "\(found)")
        }
        let left = recorded(["a"], .cut(by: .downstream))
        #expect(try differences(left, played(["a"], .closed(1000))) == [], "the client's end says nothing of the server")
    }

    @Test func `of what a server says far beyond the recording only the number is kept`() throws {
        var now = played([])
        for _ in 0..<PlayedSession.surplus.count + 10 { now.take(.text, [0x61], recorded: 0) }
        #expect(now.answers.count == PlayedSession.surplus.count)
        #expect(now.answerCount == PlayedSession.surplus.count + 10)
        #expect(
            try differences(recorded([]), now).last == "message-surplus: 10 further answers are not in the recording")
        var long = played([])
        let payload = [UInt8](repeating: 0, count: PlayedSession.surplus.bytes)
        for _ in 0..<3 { long.take(.binary, payload, recorded: 1) }
        #expect(long.answers.count == 2 && long.unkept == 1, "the recorded one, and as many bytes of others")
    }

    @Test func `ignored paths and patterns don't count`() throws {
        var rules = MessageRules()
        rules.ignored = try [#require(JSONPath("$..at")), #require(JSONPath("items[*].id"))]
        #expect(
            try differences(
                recorded([#"{"at":1,"items":[{"id":7,"x":{"at":2,"v":3}}]}"#]),
                played([#"{"at":9,"items":[{"id":8,"x":{"v":3}}]}"#]), rules) == [])
        rules.patterns = [try Regex(#"\d\d:\d\d"#)]
        #expect(try differences(recorded(["it is 14:02"]), played(["it is 15:30"]), rules) == [])
        #expect(try differences(recorded(["it is 14:02"]), played(["it was 15:30"]), rules).count == 1)
    }

    @Test func `a missing and a surplus message are told as such, and the rest is still compared`() throws {
        #expect(
            try differences(recorded(["a", "b", "c", "d"]), played(["a", "c", "x", "d"])) == [
                "message-missing: answer 2 of the recording didn't come: \"b\"",
                "message-surplus: answer 3 is not in the recording: \"x\"",
            ])
        #expect(
            try differences(recorded(["a", "b"]), played(["a"])) == [
                "message-missing: answer 2 of the recording didn't come: \"b\""
            ])
    }

    @Test(arguments: [MessageRules.Order.kept, .free])
    func `what would have come after the end of a recording that is cut short is no difference, what stands in it is`(
        _ order: MessageRules.Order
    ) throws {
        var rules = MessageRules()
        rules.order = order
        var left = recorded(["a", "b"], .unknown)
        left.isCutShort = true
        #expect(try differences(left, played(["a", "b", "c"]), rules) == [])
        #expect(try differences(left, played(["a"]), rules).contains { $0.hasPrefix("message-missing") })
        left.isCutShort = false
        #expect(try differences(left, played(["a", "b", "c"]), rules).contains { $0.hasPrefix("message-surplus") })
    }

    @Test(arguments: [MessageRules.Order.kept, .free])
    func `answers that were the recording's as they came are counted and not compared again`(_ order: MessageRules.Order) throws {
        var rules = MessageRules()
        rules.order = order
        var new = played([])
        new.same = 2
        #expect(try differences(recorded(["a", "b"]), new, rules) == [])
        #expect(
            try differences(recorded(["a", "b", "c"]), new, rules) == [
                "message-missing: answer 3 of the recording didn't come: \"c\""
            ])
        new = played(["x"])
        new.same = 2
        #expect(
            try differences(recorded(["a", "b"]), new, rules) == ["message-surplus: answer 3 is not in the recording: \"x\""])
    }

    @Test func `where the order is free only the messages count`() throws {
        var rules = MessageRules()
        #expect(try !differences(recorded(["a", "b", "b"]), played(["b", "a", "b"]), rules).isEmpty)
        rules.order = .free
        #expect(try differences(recorded(["a", "b", "b"]), played(["b", "a", "b"]), rules) == [])
        #expect(
            try differences(recorded(["a", "b", "b"]), played(["b", "a", "a"]), rules) == [
                "message-missing: answer 3 of the recording didn't come: \"b\"",
                "message-surplus: answer 3 is not in the recording: \"a\"",
            ])
    }

    @Test func `a value that the server gave anew stands for the recorded one`() throws {
        let old = recorded([#"{"sid":"abc123"}"#, #"{"you":"abc123","n":1}"#])
        let new = played([#"{"sid":"zzz999"}"#, #"{"you":"zzz999","n":1}"#])
        #expect(try differences(old, new).count == 2)
        #expect(try differences(old, new, rewrite: ["json:$.sid"]) == [])
        #expect(try differences(old, new, rewrite: [#"pattern:"sid":"(\w+)""#]) == [])
    }

    @Test func `what the client sends is rewritten where the value stands alone`() throws {
        let old = recorded([#"{"sid":"abc123","n":7}"#])
        var learnt = LearntValues(try RewriteRules(["json:$.sid", "json:$.n", "text:hello=bye"]), old)
        #expect(learnt.sent(Array("abc123".utf8)) == Array("abc123".utf8))
        learnt.learn(Array(#"{"sid":"zz","n":12}"#.utf8))
        func sent(_ text: String) -> String { String(decoding: learnt.sent(Array(text.utf8)), as: UTF8.self) }
        #expect(sent(#"{"for":"abc123"}"#) == #"{"for":"zz"}"#)
        #expect(sent("xabc123 abc1234") == "xabc123 abc1234")
        // Three characters or less are a value only behind their own name.
        #expect(sent(#"{"n": 7, "m": 7}"#) == #"{"n": 12, "m": 7}"#)
        #expect(sent("hello 7") == "bye 7")
    }

    @Test func `statuses and ends are compared`() throws {
        var refused = recorded([])
        refused.status = 403
        var now = played([])
        #expect(try differences(refused, now) == ["status: handshake: recorded 403, now 101"])
        #expect(try differences(refused, now, expected: 101) == [])
        now.status = 403
        #expect(try differences(refused, now) == [])
        #expect(try differences(refused, now, expected: 101) == ["status: handshake: expected 101, now 403"])
        #expect(
            try differences(recorded([], .server(code: 1011)), played([], .closed(1000), closedFirst: false))
                == ["close: end: recorded close code 1011 from the server, now close code 1000"])
        #expect(try differences(recorded([], .server(code: 1011)), played([], .closed(1011), closedFirst: false)) == [])
        #expect(
            try differences(recorded([]), played([], .cut(reset: true)))
                == ["close: end: recorded close code 1000 in answer to the client's, now a reset connection (RST)"])
        #expect(try differences(recorded([], .unknown), played([], .closed(1000))) == [])
        #expect(try differences(recorded([], .unknown), played([], .closed(1011), closedFirst: false)).count == 1)
        #expect(
            try differences(recorded(["a"], .unknown), played(["a"], .closed(4401), closedFirst: false)) == [],
            "it may have ended so")
        #expect(
            try differences(recorded(["a", "b"], .unknown), played(["a"], .closed(4401), closedFirst: false)).map { $0.prefix(5) }
                == ["messa", "close"], "an end before all was said")
    }

    @Test(arguments: ["", "$", "$.", "$.a[", "$[x]", "$a", "$.a..", "$[-1]"])
    func `what is no path is refused`(_ text: String) { #expect(JSONPath(text) == nil) }

    @Test(arguments: ["", "host", "json:", "pattern:(", "header:=x", "query:a", "text:=x", "other:1"])
    func `what is no rule is refused`(_ text: String) {
        #expect(throws: RewriteRules.Fault.self) { try RewriteRules([text]) }
    }
}
