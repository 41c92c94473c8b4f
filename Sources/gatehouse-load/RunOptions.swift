import EventLoop
import Wire

/// `gatehouse-load run URL …`
struct RunOptions {
    /// What a connection does over and over.
    enum Mode: String { case echo, stream, connect, idle, http, drain }

    var mode = Mode.echo
    var address = SocketAddress(v4: 0x7F00_0001, port: 80)
    var authority = ""
    var path = "/"
    var connections = 64
    var size = 64
    var window = 1
    var seconds = 5.0
    var processes: [Int32] = []
    /// A recording whose sessions are the load.
    var recording: String?
    /// As it was given.
    var url = ""
    var backend: EventLoop.Backend?
    /// Fields that each request has besides, with the values that the connections take in turn.
    var fields: [(name: String, values: [String])] = []

    init(_ arguments: ArraySlice<String>) throws(Usage.Mistake) {
        var flags = Flags(arguments)
        var url: String?
        var wantedSize: Int?
        while let flag = flags.next() {
            switch flag {
            case "-m":
                let text = try flags.value(of: flag)
                guard let known = Mode(rawValue: text) else {
                    throw Usage.Mistake("-m is \"\(text)\": expected echo, stream, connect, idle, http or drain")
                }
                mode = known
            case "-c": connections = try flags.number(of: flag, in: 1...100_000)
            case "-s": wantedSize = try flags.number(of: flag, in: 0...(256 << 20))
            case "-w": window = try flags.number(of: flag, in: 1...100_000)
            case "-d":
                let text = try flags.value(of: flag)
                guard let number = Double(text), number > 0, number <= 3600 else {
                    throw Usage.Mistake("-d is \"\(text)\": expected seconds, more than 0 and at most 3600")
                }
                seconds = number
            case "-p":
                for part in try flags.value(of: flag).split(separator: ",") {
                    guard let number = Int32(part), number > 0 else {
                        throw Usage.Mistake("-p names \"\(part)\": expected a process id")
                    }
                    processes.append(number)
                }
            case "-H": fields.append(try RunOptions.field(try flags.value(of: flag)))
            case "--from": recording = try flags.value(of: flag)
            case "--io": backend = try flags.backend(of: flag)
            case let word where !word.hasPrefix("-") && url == nil: url = word
            default: throw Usage.Mistake("run doesn't know \(flag); see gatehouse-load --help")
            }
        }
        guard let url else { throw Usage.Mistake("run needs a URL: ws://127.0.0.1:8080/") }
        self.url = url
        try read(url)
        size = wantedSize ?? (mode == .http ? 1024 : 64)
        if mode == .stream { path = "/stream?n=\(window)&s=\(size)" }
        if mode == .http { path = "/bytes?s=\(size)" }
    }

    /// `Name: value`, or `Name: @FILE` for a file with one value a line.
    private static func field(_ line: String) throws(Usage.Mistake) -> (name: String, values: [String]) {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { throw Usage.Mistake("-H is \"\(line)\": expected \"Name: value\"") }
        let value = String(parts[1].drop { $0 == " " })
        guard value.hasPrefix("@") else { return (String(parts[0]), [try printable(value)]) }
        let file = String(value.dropFirst())
        guard let text = ProcessFigures.read(file) else { throw Usage.Mistake("-H names the file \(file), which can't be read") }
        let lines = text.split(separator: "\n")
        guard !lines.isEmpty else { throw Usage.Mistake("-H names the file \(file), which is empty: expected a value a line") }
        return (String(parts[0]), try lines.map { (line) throws(Usage.Mistake) in try printable(String(line)) })
    }

    private static func printable(_ value: String) throws(Usage.Mistake) -> String {
        guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Usage.Mistake("-H has the value \"\(value)\": expected printable ASCII")
        }
        return value
    }

    private mutating func read(_ url: String) throws(Usage.Mistake) {
        var rest = url[...]
        for scheme in ["ws://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        if let slash = rest.firstIndex(of: "/") {
            path = String(rest[slash...])
            rest = rest[..<slash]
        }
        authority = String(rest)
        var host = rest
        var port: UInt16 = 80
        if let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") {
            guard let number = UInt16(rest[rest.index(after: colon)...]) else {
                throw Usage.Mistake("the URL \(url) has no valid port: expected ws://ADDRESS:PORT/")
            }
            port = number
            host = rest[..<colon]
        }
        if host == "localhost" { host = "127.0.0.1" }
        guard let parsed = SocketAddress(host: host, port: port) else {
            throw Usage.Mistake("the URL \(url) names \"\(host)\": expected ws:// or http:// and an IP address")
        }
        address = parsed
    }
}
