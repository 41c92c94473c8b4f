import Foundation

/// What two readers say of a capture's files.
struct Captures {
    static let tshark = Repository.find("tshark")
    static let tcpdump = Repository.find("tcpdump")
    static let mayCapture = tcpdump != nil && getuid() == 0

    let directory: String

    /// The files, the eldest first.
    var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).filter { $0.hasSuffix(".pcapng") }.sorted()
            .map { directory + "/" + $0 }
    }

    static func run(_ program: String, _ arguments: [String], within seconds: Double = 60) throws -> (
        exit: ChildProcess.Exit?, output: String, errors: String
    ) {
        let scratch = try ScratchFolder()
        let child = try ChildProcess(program, arguments, output: scratch.file("out"), errors: scratch.file("errors"))
        let exit = child.waitForExit(within: seconds)
        return (exit, scratch.read("out"), scratch.read("errors"))
    }

    /// The lines of `gatehouse analyze --json`.
    static func analyze(_ arguments: [String]) throws -> [JSON] {
        let told = try run(Repository.gatehouse, ["analyze", "--json"] + arguments)
        guard told.exit == .code(0) || told.exit == .code(1) else { throw HarnessFailure("analyze: \(told.errors)") }
        return try told.output.split(separator: "\n").map { try JSON(parsing: $0) }
    }

    func analyze(_ options: String...) throws -> [JSON] { try Captures.analyze(options + files) }

    /// The sessions that analyze found, by Gatehouse's name.
    func sessions() throws -> [String: JSON] {
        try Dictionary(
            analyze().filter { $0["event"].text == "session" }.map { ($0["session"].text ?? "", $0) },
            uniquingKeysWith: { first, _ in first })
    }

    private static func options(_ ports: [UInt16]) -> [String] {
        ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"] + ports.flatMap { ["-d", "tcp.port==\($0),http"] }
    }

    /// Rows of fields of one file, as tshark sees them.
    static func fields(_ file: String, ports: [UInt16], filter: String? = nil, _ fields: String...) throws -> [[String]] {
        let told = try run(
            tshark ?? "tshark",
            ["-r", file, "-2"] + options(ports) + (filter.map { ["-Y", $0] } ?? []) + ["-T", "fields", "-E", "occurrence=a"]
                + fields.flatMap { ["-e", $0] })
        guard told.exit == .code(0) else { throw HarnessFailure("tshark: \(told.errors)") }
        return told.output.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// What tshark finds odd; a session that was broken on purpose may have malformed frames, but never odd TCP.
    static func oddities(_ file: String, ports: [UInt16], allowingBrokenFrames: Bool = false) throws -> [[String]] {
        let transport = "tcp.analysis.flags || tcp.checksum.status == 0 || ip.checksum.status == 0"
        return try fields(
            file, ports: ports, filter: allowingBrokenFrames ? transport : transport + " || _ws.malformed", "frame.number",
            "tcp.stream",
            "_ws.expert.message")
    }
}
