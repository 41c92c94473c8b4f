import TestSupport
import Testing
import Wire

@testable import Tools

@Suite struct LedgerLineTests {
    @Test func `members are found whatever stands inside the values`() throws {
        let line = try #require(
            LedgerLine(Array(#"{"a":"x\",\"b\":1","b":{"c":[1,{"d":"}"}],"e":"]"},"start":"se,cret\\","n":-1.5,"z":null}"#.utf8)))
        #expect(line.members.map(\.name) == ["a", "b", "start", "n", "z"])
        #expect(line.text("a") == #"x\",\"b\":1"#)
        #expect(line.raw("b").map { String(decoding: $0, as: UTF8.self) } == #"{"c":[1,{"d":"}"}],"e":"]"}"#)
        #expect(line.text("n") == nil && line.raw("n").map { String(decoding: $0, as: UTF8.self) } == "-1.5")
        #expect(line.raw("c") == nil, "only the outermost members")
    }

    @Test func `a member is taken out with its comma, wherever it stands`() throws {
        let text = #"{"a":1,"b":"x","c":[2]}"#
        let line = try #require(LedgerLine(Array(text.utf8)))
        func without(_ name: String) -> String { String(decoding: line.without(name), as: UTF8.self) }
        #expect(without("a") == #"{"b":"x","c":[2]}"#)
        #expect(without("b") == #"{"a":1,"c":[2]}"#)
        #expect(without("c") == #"{"a":1,"b":"x"}"#)
        #expect(without("d") == text)
        #expect(LedgerLine(Array(#"{"a":1}"#.utf8)).map { String(decoding: $0.without("a"), as: UTF8.self) } == "{}")
    }

    @Test(arguments: ["", "{", "x", "[]", #"{"a}"#, #"{"a":"b}"#, #"{"a":[1}"#, #"{a:1}"#, #"{"a"}"#, "{\"a\\\"}"])
    func `what is no object is no line`(_ text: String) { #expect(LedgerLine(Array(text.utf8)) == nil) }

    @Test func `of a session only its own lines are taken, and texts of messages stay out`() throws {
        let (own, other) = ("0000000000011", "0000000000022")
        let lines = [
            #"{"time":"2026-01-01T00:00:00.000000Z","level":"info","event":"process.started","message":"m","version":"7"}"#,
            #"{"time":"2026-01-01T00:00:01.000000Z","level":"info","event":"session.opened","session":"\#(other)","message":"m"}"#,
            #"{"time":"2026-01-01T00:00:02.000000Z","level":"info","event":"session.opened","session":"\#(own)","message":"m"}"#,
            #"{"time":"2026-01-01T00:00:03.000000Z","level":"info","event":"session.message","session":"\#(own)","message":"m","size":6,"start":"secret"}"#,
            #"{"time":"2026-01-01T00:00:04.000000Z","level":"info","event":"session.closed","session":"\#(own)","message":"m","verdict":{"cause":"x"}}"#,
            #"{"time":"2026-01-01T00:00:05.000000Z","level":"info","event":"http.request","session":"\#(other)","message":"m"}"#,
        ]
        var extract = LedgerExtract(sessions: [try #require(SessionID(own))], from: .zero, keepsPayloads: false)
        for line in lines { extract.take(Array(line.utf8)) }
        let text = String(decoding: extract.text, as: UTF8.self)
        #expect(
            extract.lines.map { $0.text("event") } == ["process.started", "session.opened", "session.message", "session.closed"])
        #expect(!text.contains("secret") && text.contains(#""size":6"#) && !text.contains(other))
        #expect(
            String(decoding: extract.verdicts, as: UTF8.self).contains(#""session":"\#(own)","time":"2026-01-01T00:00:04.000000Z""#)
        )

        var whole = LedgerExtract(
            sessions: [], from: Timestamp(nanoseconds: 1_767_225_603_000_000_000), keepsPayloads: true)
        for line in lines { whole.take(Array(line.utf8)) }
        #expect(whole.lines.map { $0.text("event") } == ["process.started", "session.message", "session.closed"])
        #expect(String(decoding: whole.text, as: UTF8.self).contains("secret"))
    }
}
