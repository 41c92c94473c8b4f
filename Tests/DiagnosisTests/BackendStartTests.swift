import TestSupport
import Testing
import Wire

@testable import Diagnosis

@Suite struct `A start that came to nothing` {
    private func verdict(_ command: String = "uvicorn", _ change: (inout BackendStart) -> Void) -> Verdict {
        var start = BackendStart(command: command, port: 20001)
        start.publicPorts = [8080]
        start.waited = .seconds(60)
        change(&start)
        return start.verdict()
    }

    @Test func `what it listens on says what is wrong`() {
        for (listening, words) in [
            ([], "listens on nothing"), ([SocketAddress(v4: 0x7F00_0001, port: 8000)], "127.0.0.1:8000, not on port 20001"),
            ([SocketAddress(v4: 0, port: 8080)], "the public port that is Gatehouse's"),
            ([SocketAddress(v4: 0xC0A8_0005, port: 20001)], "another address than 127.0.0.1"),
        ] {
            let verdict = verdict { $0.listening = listening }
            #expect(verdict.title.contains(words) && verdict.cause == .upstreamRefused && verdict.confidence == .proven)
            #expect(verdict.evidence.contains { $0.what == "listening sockets" } && !verdict.fix.isEmpty)
        }
    }

    @Test func `how it ended says what is wrong`() {
        #expect(verdict { $0.end = .unstartable(2) }.title == "The command was not found")
        #expect(verdict { $0.end = .unstartable(13) }.title == "The command can't be executed")
        #expect(verdict { $0.end = .unstartable(8) }.title.contains("no program"))
        #expect(verdict { $0.end = .unstartable(11) }.title.contains("errno 11"))
        #expect(verdict { $0.end = .exit(1) }.title.contains("ended before it accepted"))
        #expect(verdict { $0.end = .signal(9) }.evidence[0].observed.contains("memory"))
        let background = verdict("nginx") {
            $0.end = .exit(0)
            $0.listening = [SocketAddress(v4: 0, port: 20001)]
        }
        #expect(background.title.contains("background") && background.fix[0].contains("daemon off"))
    }

    @Test func `the lines that tell something are quoted, else the last ones`() {
        let bind = verdict {
            $0.end = .exit(1)
            $0.lastLines = ["starting", "OSError: [Errno 98] Address already in use", "bye"]
            $0.signs = OutputReading.signs(bytes("OSError: [Errno 98] Address already in use"))
        }
        #expect(bind.title.contains("in use") && bind.evidence.map(\.observed).filter { $0.contains("98") }.count == 1)
        #expect(!bind.evidence.contains { $0.observed == "bye" })
        let plain = verdict {
            $0.end = .exit(1)
            $0.lastLines = ["1", "2", "3", "4", "5"]
        }
        #expect(plain.evidence.dropFirst().map(\.observed) == ["2", "3", "4", "5"])
    }

    @Test(arguments: [
        ("uvicorn", "--port {port}"), (".venv/bin/gunicorn", "-b 127.0.0.1:{port}"), ("./own-server", "PORT in its environment"),
    ])
    func `the fix speaks the command's language`(_ command: String, _ words: String) {
        #expect(verdict(command) { _ in }.fix.contains { $0.contains(words) })
    }
}
