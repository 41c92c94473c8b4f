import Foundation
import Synchronization

/// A real server beside the tests, from `Tests/Peers`: it takes a port and says which.
final class Peer: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case uvicornWebsockets, uvicornWsproto, socketIO, aiohttp, tornado, websockets, node, misbehavingOrigin
    }

    let port: UInt16
    let child: ChildProcess
    private let scratch: ScratchFolder

    /// - Parameter port: a port that another had before, or any.
    init(_ kind: Kind, port wanted: UInt16 = 0, arguments: [String] = []) throws {
        let (script, more): (String, [String]) =
            switch kind {
            case .uvicornWebsockets: ("asgi_peer.py", ["--ws", "websockets"])
            case .uvicornWsproto: ("asgi_peer.py", ["--ws", "wsproto"])
            case .socketIO: ("socketio_peer.py", [])
            case .aiohttp: ("aiohttp_peer.py", [])
            case .tornado: ("tornado_peer.py", [])
            case .websockets: ("websockets_peer.py", [])
            case .node: ("ws_peer.js", [])
            case .misbehavingOrigin: ("misbehaving_origin.py", [])
            }
        scratch = try ScratchFolder()
        let program = kind == .node ? "node" : Repository.python
        let child = try ChildProcess(
            program, [Repository.peer(script), "\(wanted)"] + more + arguments, output: scratch.file("out"),
            errors: scratch.file("errors"), environment: ["NODE_PATH": "/usr/share/nodejs", "PYTHONUNBUFFERED": "1"])
        self.child = child
        let scratch = scratch
        let found = try eventually(within: 30) { () -> UInt16? in
            if let exit = child.exit { throw HarnessFailure("\(kind) ended with \(exit): \(scratch.read("errors"))") }
            let line = scratch.read("out").split(separator: "\n", omittingEmptySubsequences: false)
            guard line.count > 1 else { return nil }
            return line[0].split(separator: " ").last.flatMap { UInt16($0) }
        }
        guard let found else { throw HarnessFailure("\(kind) named no port within 30 s: \(scratch.read("errors"))") }
        port = found
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// The lines after the first that it printed.
    var told: [String] { scratch.read("out").split(separator: "\n").dropFirst().map(String.init) }

    // MARK: One of each for the whole run

    private static let running = Mutex<[Kind: Peer]>([:])

    /// The peer of that kind that all tests share; started when the first asks.
    static func shared(_ kind: Kind) throws -> Peer {
        try running.withLock { running in
            if let peer = running[kind], peer.child.exit == nil { return peer }
            let peer = try Peer(kind)
            running[kind] = peer
            return peer
        }
    }
}

/// A client program from `Tests/Peers` that tells one exchange as JSON.
enum PeerClient: String, CaseIterable, Sendable {
    case websockets, node

    /// One exchange.
    ///
    /// - Parameter arguments: as the program takes them after the URL
    func run(_ url: String, _ arguments: [String] = [], within seconds: Double = 60) throws -> JSON {
        try run([[url] + arguments], within: seconds)[0]
    }

    /// Several exchanges one after another by one process, each a URL and its arguments.
    func run(_ exchanges: [[String]], within seconds: Double = 120) throws -> [JSON] {
        let words = Array(exchanges.joined(separator: ["--next"]))
        let told =
            switch self {
            case .websockets: try PeerClient.run(Repository.python, "websockets_client.py", words, seconds)
            case .node: try PeerClient.run("node", "ws_client.js", words, seconds)
            }
        guard told.count == exchanges.count else {
            throw HarnessFailure("\(told.count) answers to \(exchanges.count) exchanges")
        }
        return told
    }

    /// A behaviour of `misbehaving_client.py`.
    static func misbehave(_ behaviour: String, port: UInt16, count: Int = 1, seconds: Double = 10) throws -> JSON {
        try run(
            Repository.python, "misbehaving_client.py",
            ["\(port)", behaviour, "--count", "\(count)", "--seconds", "\(seconds)"], seconds + 60)[0]
    }

    private static func run(_ program: String, _ script: String, _ arguments: [String], _ seconds: Double) throws
        -> [JSON]
    {
        let scratch = try ScratchFolder()
        let child = try ChildProcess(
            program, [Repository.peer(script)] + arguments, output: scratch.file("out"), errors: scratch.file("errors"),
            environment: ["NODE_PATH": "/usr/share/nodejs"])
        guard let exit = child.waitForExit(within: seconds) else {
            throw HarnessFailure("\(script) still runs after \(seconds) s; so far: \(scratch.read("out"))")
        }
        let told = scratch.read("out").split(separator: "\n").compactMap { try? JSON(parsing: $0) }
        guard exit == .code(0), !told.isEmpty else {
            throw HarnessFailure("\(script) ended with \(exit): \(scratch.read("out")) \(scratch.read("errors"))")
        }
        return told
    }
}
