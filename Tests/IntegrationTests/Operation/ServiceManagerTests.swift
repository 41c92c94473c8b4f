import Foundation
import Glibc
import Testing

extension Integration {
    /// A service manager that passes sockets and wants to be told how things stand: systemd's two protocols, spoken by the test.
    @Suite struct ServiceManagerTests {
        /// The manager's ear.
        private final class Ear {
            let path: String
            private let descriptor: Int32

            init(_ scratch: ScratchFolder) throws {
                path = scratch.file("notify")
                descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
                let result = withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                    }
                }
                guard result == 0 else { throw HarnessFailure("bind: errno \(errno)") }
            }

            deinit { close(descriptor) }

            /// The next message's lines.
            func next(within seconds: Double = 20) throws -> [String] {
                var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                guard Glibc.poll(&entry, 1, Int32(seconds * 1000)) > 0 else { throw HarnessFailure("the manager hears nothing") }
                var bytes = [UInt8](repeating: 0, count: 4096)
                let count = recv(descriptor, &bytes, bytes.count, 0)
                return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").map(String.init)
            }

            /// The next message that has `line`.
            func wait(for line: String) throws -> [String] {
                for _ in 0..<10 {
                    let message = try next()
                    if message.contains(line) { return message }
                }
                throw HarnessFailure("the manager never hears \(line)")
            }
        }

        private final class Activated {
            let scratch: ScratchFolder
            let child: ChildProcess
            let ledger: Ledger
            var ports: [UInt16] = []

            init(
                count: Int, io: IOBackend, workers: Int = 1, environment: [String: String] = [:], _ configuration: ([UInt16]) -> String
            ) throws {
                scratch = try ScratchFolder()
                ledger = Ledger(path: scratch.file("ledger.jsonl"))
                var surroundings = environment
                surroundings["PORTS_FILE"] = scratch.file("ports")
                // The ports are known to the configuration, as an operator knows them: the shell waits for the test to write it.
                child = try ChildProcess(
                    Repository.python,
                    [Repository.peer("restart_peer.py"), "activate", "\(count)", "/bin/sh", "-c"]
                        + ["while [ ! -e \"$0.ready\" ]; do sleep 0.01; done; exec \"$@\"", scratch.file("g.yaml")]
                        + [Repository.gatehouse, "serve", "--config", scratch.file("g.yaml"), "--io", io.rawValue]
                        + ["--workers", "\(workers)", "--log-format", "json"],
                    output: ledger.path, errors: scratch.file("errors"), environment: surroundings)
                let scratch = scratch
                ports =
                    try eventually {
                        let text = scratch.read("ports")
                        return text.hasSuffix("\n") ? text.split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) } : nil
                    } ?? []
                try scratch.write(configuration(ports), to: "g.yaml")
                try scratch.write("", to: "g.yaml.ready")
            }

            func ok(_ port: UInt16) throws -> Bool {
                let connection = try RawConnection(port: port)
                try connection.send("GET /bytes?n=5 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return try connection.readResponse().text == "bbbbb"
            }
        }

        @Test(arguments: IOBackend.available)
        func `passed sockets are served by every worker, and the manager hears of start, reload, restart and stop`(io: IOBackend) throws {
            let scratch = try ScratchFolder()
            let ear = try Ear(scratch)
            let upstream = try Peer.shared(.node).url
            let service = try Activated(
                count: 2, io: io, workers: 2, environment: ["NOTIFY_SOCKET": ear.path, "LISTEN_FDNAMES": "web.socket:admin"]
            ) { ports in
                "listen: 127.0.0.1:\(ports[0])\nadmin: {listen: 127.0.0.1:\(ports[1])}\nupstream: \(upstream)\ndrain: {window: 0s, timeout: 3s}\n"
            }
            // Clients that came before anybody accepted wait in the socket's queue.
            let early = try RawConnection(port: service.ports[0])
            try early.send("GET /bytes?n=5 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(try early.readResponse().text == "bbbbb")
            #expect(try ear.wait(for: "READY=1").contains("MAINPID=\(service.child.pid)"))
            for _ in 0..<10 { #expect(try service.ok(service.ports[0])) }
            let admin = try RawConnection(port: service.ports[1])
            try admin.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(try admin.readResponse().text == "ok\n")
            service.child.send(SIGHUP)
            #expect(try ear.wait(for: "RELOADING=1").contains { $0.hasPrefix("MONOTONIC_USEC=") })
            _ = try ear.wait(for: "READY=1")
            service.child.send(SIGUSR2)
            let next = try service.ledger.wait(for: "restart.handed_over")["successor"].integer ?? 0
            Undertaker.shared.watch(pid_t(next))
            _ = try ear.wait(for: "MAINPID=\(next)")
            #expect(try ear.wait(for: "READY=1").contains("MAINPID=\(next)"))
            #expect(service.child.waitForExit(within: 10) == .code(0))
            #expect(try service.ok(service.ports[0]))
            kill(pid_t(next), SIGTERM)
            _ = try ear.wait(for: "STOPPING=1")
            #expect(holds { kill(pid_t(next), 0) != 0 })
            Undertaker.shared.forget(pid_t(next))
        }

        @Test func `a passed socket that no listener wants stops the start with a sentence`() throws {
            let service = try Activated(count: 2, io: .epoll) { ports in
                "listen: 127.0.0.1:\(ports[0])\nadmin: off\nupstream: http://127.0.0.1:1\n"
            }
            #expect(service.child.waitForExit(within: 20) == .code(2))
            #expect(service.scratch.read("errors").contains("127.0.0.1:\(service.ports[1]), for which the configuration has no listener"))
        }

        @Test func `sockets that were passed to somebody else are left alone`() throws {
            let service = try Activated(count: 1, io: .epoll, environment: ["WRONG_PID": "1"]) { _ in
                "listen: 127.0.0.1:0\nadmin: off\nupstream: http://127.0.0.1:1\n"
            }
            let address = try service.ledger.wait(for: "listener.ready", within: 20)["address"].text ?? ""
            #expect(!address.hasSuffix(":\(service.ports[0])"))
        }
    }
}
