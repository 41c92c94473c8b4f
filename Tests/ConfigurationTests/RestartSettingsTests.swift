import Configuration
import Testing
import Wire

struct RestartSettingsTests {
    @Test func `restart has a socket, a timeout and says who stays`() throws {
        let settings = try decode(
            "upstream: http://a\nrestart: {socket: /run/gatehouse/control, timeout: 5s, stay: always}"
        ).restart
        #expect(settings.socket == "/run/gatehouse/control" && settings.timeout == .seconds(5) && settings.stay == .always)
        #expect(try decode("upstream: http://a").restart == RestartSettings())
    }

    @Test func `the flag names the same socket`() throws {
        let snapshot = try Snapshot.load(
            file: nil, flags: ["takeover": "/run/control", "upstream": "http://a"], environment: [:])
        #expect(snapshot.restart.socket == "/run/control")
    }

    @Test func `a path that the kernel doesn't take, and an unknown word, are reported with what to write`() {
        for (text, words) in [
            ("socket: /\(String(repeating: "x", count: 120))", "at most 107 bytes"), ("stay: maybe", "auto, always, never"),
            ("timeout: 0s", "a time above zero"),
        ] {
            #expect {
                try decode("upstream: http://a\nrestart: {\(text)}")
            } throws: {
                "\($0)".contains(words)
            }
        }
    }
}
