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

struct StartOnlyKeyTests {
    @Test(arguments: [
        ("limits: {memory: 1GiB}", ["limits.memory"]), ("log: {format: pretty}", ["log.format"]),
        ("log: {output: stderr}", ["log.output"]),
        ("admin: off", ["admin.listen"]), ("io: epoll", ["io"]),
        ("admin: {listen: 127.0.0.1:9900, token: correct-horse-battery}", ["admin.token"]), ("limits: {sessions: 5}", []),
        ("log: {frames: true}", []), ("limits: {memory: 1GiB}\nio: epoll", ["io", "limits.memory"]),
    ])
    func `what a reload can't put in force is named, and nothing else`(change: String, keys: [String]) throws {
        let start = try decode("upstream: http://a")
        let snapshot = try decode("upstream: http://a\n\(change)")
        #expect(snapshot.startOnlyKeys(since: start).map(\.key) == keys)
        #expect(snapshot.startOnlyKeys(since: snapshot).isEmpty)
    }
}
