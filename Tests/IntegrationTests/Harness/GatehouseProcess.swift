import Foundation
import Glibc

/// A `gatehouse serve` with a configuration of its own, listening on ports that it chose.
final class GatehouseProcess {
    let scratch: ScratchFolder
    let ledger: Ledger
    let child: ChildProcess
    private(set) var ports: [UInt16] = []

    /// Starts and waits until every listener is ready.
    ///
    /// - Parameters:
    ///   - upstream: the shorthand's URL; nil if `configuration` has clusters
    ///   - configuration: YAML besides `listen`, `upstream`, `admin` and `log`, which are set unless it names them
    ///   - listeners: how many `listener.ready` lines to wait for
    ///   - launcher: a command that becomes the process, in surroundings of its own
    ///   - output: where standard output goes, if not to the ledger's file
    init(
        io: IOBackend, upstream: String? = nil, _ configuration: String = "", arguments: [String] = [],
        format: String = "json",
        listeners: Int = 1, workers: Int = 1, openFiles: Int? = nil, output: String? = nil,
        scratch: ScratchFolder? = nil, environment: [String: String] = [:], launcher: [String] = []
    ) throws {
        let scratch = try scratch ?? ScratchFolder()
        self.scratch = scratch
        try scratch.write(Self.complete(configuration, upstream: upstream), to: "gatehouse.yaml")
        ledger = Ledger(path: scratch.file("ledger.jsonl"))
        let command =
            launcher + [Repository.gatehouse, "serve", "--config", scratch.file("gatehouse.yaml"), "--io", io.rawValue]
            + ["--workers", "\(workers)", "--log-format", format] + arguments
        child = try ChildProcess(
            command[0], Array(command.dropFirst()),
            output: output ?? ledger.path, errors: scratch.file("errors.txt"), environment: environment,
            openFiles: openFiles)
        guard output == nil else { return }
        let ready = try eventually(within: 20) { () -> [JSON]? in
            let lines = try ledger.all("listener.ready")
            return lines.count >= listeners || child.exit != nil ? lines : nil
        }
        ports = (ready ?? []).compactMap { $0["address"].text.flatMap(Self.port) }
        if ports.count < listeners {
            let told = scratch.read("errors.txt") + scratch.read("ledger.jsonl")
            throw HarnessFailure(
                "gatehouse did not get ready (\(child.exit.map(String.init(describing:)) ?? "running")): \(told)")
        }
    }

    /// The first listener's port.
    var port: UInt16 { ports[0] }

    /// The admin listener's port.
    func adminPort() throws -> UInt16 {
        let line = try ledger.wait(for: "admin.ready")
        guard let port = line["address"].text.flatMap(Self.port) else { throw HarnessFailure("no address in \(line)") }
        return port
    }

    /// A raw connection to the first listener.
    func connect() throws -> RawConnection { try RawConnection(port: port) }

    /// One HTTP exchange on a connection of its own.
    func exchange(_ request: String, port: UInt16? = nil) throws -> Response {
        let connection = try RawConnection(port: port ?? self.port)
        try connection.send(request)
        return try connection.readResponse(headOnly: request.hasPrefix("HEAD "))
    }

    /// A GET with `Connection: close` of the admin listener.
    func admin(_ target: String) throws -> Response {
        try exchange("GET \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", port: adminPort())
    }

    /// Writes the configuration anew, as `init` does.
    func rewrite(upstream: String? = nil, _ configuration: String) throws {
        try scratch.write(Self.complete(configuration, upstream: upstream), to: "gatehouse.yaml")
    }

    /// Asks it to stop and waits.
    @discardableResult
    func stop(within seconds: Double = 20) -> ChildProcess.Exit? {
        child.send(SIGTERM)
        return child.waitForExit(within: seconds)
    }

    /// Everything that it ever wrote: the ledger and standard error.
    var everythingWritten: String { scratch.read("ledger.jsonl") + scratch.read("errors.txt") }

    private static func complete(_ configuration: String, upstream: String?) -> String {
        func names(_ key: String) -> Bool {
            configuration.split(separator: "\n").contains { $0.hasPrefix("\(key):") }
        }
        var lines: [String] = []
        if !names("listen") { lines.append("listen: 127.0.0.1:0") }
        if !names("admin") { lines.append("admin: {listen: 127.0.0.1:0}") }
        if !names("log") { lines.append("log: {format: json, output: stdout}") }
        if !names("drain") { lines.append("drain: {window: 200ms, timeout: 5s}") }
        if let upstream { lines.append("upstream: \(upstream)") }
        return lines.joined(separator: "\n") + "\n" + configuration + "\n"
    }

    private static func port(_ address: String) -> UInt16? {
        address.split(separator: ":").last.flatMap { UInt16($0) }
    }
}
