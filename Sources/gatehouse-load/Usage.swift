import EventLoop
import Glibc

/// What the command line may say.
enum Usage {
    /// The command line can't be understood.
    struct Mistake: Error {
        let sentence: String
        init(_ sentence: String) { self.sentence = sentence }
    }

    /// Writes a line to standard error.
    static func complain(_ sentence: String) {
        let line = Array("gatehouse-load: \(sentence)\n".utf8)
        _ = write(2, line, line.count)
    }

    static let text = """
        gatehouse-load: WebSocket and HTTP load for measuring proxies, and the backend to put behind them

        gatehouse-load serve --port N [--io uring|epoll]
            echoes WebSocket messages on any path; on /stream?n=N&s=S each frame asks for N frames of S bytes;
            answers plain GETs with 1024 bytes (/bytes?s=S: S bytes). Port 0 takes a free one; the line printed names it.

        gatehouse-load run URL [options]         URL: ws://ADDRESS:PORT/path (an IP address, no name)
            -m MODE       echo (default), stream, connect, idle, http, drain
            -c N          connections (64)
            -s BYTES      payload of a message, or of a frame of a stream, or of an HTTP response (64; http: 1024)
            -w N          messages in flight a connection; stream: frames a request (1)
            -d SECONDS    how long to measure, after a fifth of a second to warm up (5)
            -p PID,…      processes whose CPU and memory to measure, with all their descendants
            -H "NAME: VALUE"  a field that each request has besides (with --from: in the place of the recorded one); may stand several times
                          VALUE @FILE: the lines of a file, one for each connection in turn
            --from FILE   plays the sessions of a recording (capture, HAR) over and over in place of a mode, each message after the reply before it;
                          an error is a session that differs from its recording
            --io BACKEND  uring or epoll, for this process (default: uring where the kernel allows)
            One line of JSON: units a second, latency, CPU microseconds of those processes per unit, PSS. A unit is a message, a frame of a stream,
            an upgrade (connect), a ping that was answered (idle), a response (http) or a close frame (drain, which waits until every connection has
            had one: an end without one is an error). Every echo is compared with what was sent. Exit code 1 if anything failed.

        gatehouse-load capture --write FILE [--megabytes N] [--websocket PERCENT] [--connections N] [--size BYTES]
            writes a capture of that many megabytes (1074), of whose bytes PERCENT (1) are WebSocket frames of BYTES (256), over
            N connections (10000): what `gatehouse analyze` is measured with.
        """
}

/// Walks over `--name value` and `-x value` pairs.
struct Flags {
    private var rest: ArraySlice<String>

    init(_ arguments: ArraySlice<String>) { rest = arguments }

    /// The next argument, a flag's name or a word of its own.
    mutating func next() -> String? { rest.popFirst() }

    mutating func value(of flag: String) throws(Usage.Mistake) -> String {
        guard let value = rest.popFirst() else { throw Usage.Mistake("\(flag) has no value") }
        return value
    }

    mutating func number(of flag: String, in range: ClosedRange<Int>) throws(Usage.Mistake) -> Int {
        let text = try value(of: flag)
        guard let number = Int(text), range.contains(number) else {
            throw Usage.Mistake("\(flag) is \"\(text)\": expected a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    mutating func backend(of flag: String) throws(Usage.Mistake) -> EventLoop.Backend? {
        let text = try value(of: flag)
        if text == "auto" { return nil }
        guard let backend = EventLoop.Backend(rawValue: text) else {
            throw Usage.Mistake("\(flag) is \"\(text)\": expected uring, epoll or auto")
        }
        return backend
    }
}
