public import Wire

/// What was seen of the start of a backend that never accepted a connection where it should, and what that means.
///
/// A value like all observations: `gatehouse run` looks at the process, the kernel's table of listening sockets and the output; what
/// they mean is decided here. Everything said is a fact that was looked up, so these verdicts are proven; only *why* the backend did so can be open,
/// and then its own last lines stand as evidence.
public struct BackendStart: Sendable, Hashable {
    /// How the process ended.
    public enum End: Sendable, Hashable {
        case exit(Int32)
        case signal(Int32)
        /// It could not be started at all: the system's error number.
        case unstartable(Int32)
    }

    /// The name of the command, without its arguments.
    public var command: String
    /// Where it should listen: 127.0.0.1 and this port.
    public var port: UInt16
    /// The ports that Gatehouse itself is to listen on.
    public var publicPorts: [UInt16] = []
    /// What the processes of the command listen on.
    public var listening: [SocketAddress] = []
    /// Nil: it runs.
    public var end: End?
    /// How long it was waited for.
    public var waited: TimeSpan = .zero
    /// The last lines that it wrote.
    public var lastLines: [String] = []
    /// What `OutputReading` found in them.
    public var signs: SignSet = []

    public init(command: String, port: UInt16) {
        self.command = command
        self.port = port
    }

    /// What is to be said, and whose doing it is.
    private struct Wording {
        var title: String
        var blame: Blame
        var expected: String
        var fix: [String]
    }

    public func verdict() -> Verdict {
        let wording = wording
        var evidence: [Evidence] = [Evidence(what: "process", observed: processText, expected: wording.expected)]
        if end == nil { evidence.append(Evidence(what: "listening sockets", observed: listeningText)) }
        let telling = lastLines.filter { !OutputReading.signs(Array($0.utf8)).isEmpty }
        for line in (telling.isEmpty ? lastLines : telling).suffix(4) { evidence.append(OutputReading.evidence(Array(line.utf8))) }
        return Verdict(
            cause: .upstreamRefused, title: wording.title, confidence: .proven, blame: wording.blame, evidence: evidence,
            fix: wording.fix)
    }

    private var wording: Wording {
        let place = "127.0.0.1:\(port)"
        switch end {
        case .unstartable(let errno): return unstartable(errno)
        case .exit(0) where listening.contains { $0.port == port }:
            return Wording(
                title: "The command put its server into the background and ended", blame: .configuration,
                expected: "a process that stays in the foreground",
                fix: ["Start the server in the foreground (nginx: `daemon off;`, gunicorn: without --daemon, scripts: `exec`)"])
        case .exit, .signal:
            if signs.contains(.outputBind) {
                return Wording(
                    title: "The backend ended: the address that it wants is in use", blame: .configuration,
                    expected: "a server that listens on \(place)",
                    fix: ["Let it listen on the port that it is given, which is free: \(advice)"])
            }
            return Wording(
                title: "The backend ended before it accepted a connection", blame: .backend,
                expected: "a server that listens on \(place) and goes on",
                fix: ["Mend what its last lines say (the same command runs alone with PORT=\(port))"])
        case nil: return running
        }
    }

    private func unstartable(_ errno: Int32) -> Wording {
        switch errno {
        case 2:
            Wording(
                title: "The command was not found", blame: .configuration, expected: "a program of that name on PATH",
                fix: ["Correct the name, or give the whole path (.venv/bin/uvicorn), or install it where PATH looks"])
        case 13:
            Wording(
                title: "The command can't be executed", blame: .configuration, expected: "an executable file",
                fix: ["chmod +x, or start it by its interpreter (python main.py, sh start.sh)"])
        case 8:
            Wording(
                title: "The command is no program that this system runs", blame: .configuration,
                expected: "a program for this machine, or a script with #!",
                fix: ["Give the script a first line such as #!/bin/sh, or build the program for this machine"])
        default:
            Wording(
                title: "The system could not start the command (errno \(errno))", blame: .configuration,
                expected: "a new process", fix: ["See the limits of processes and memory (ulimit -u, ulimit -v)"])
        }
    }

    /// It runs, and nothing listens where it should.
    private var running: Wording {
        let place = "127.0.0.1:\(port)"
        if let here = listening.first(where: { $0.port == port }) {
            return Wording(
                title: "The backend listens on \(here), which is another address than 127.0.0.1", blame: .configuration,
                expected: "a socket on \(place), or on 0.0.0.0:\(port)",
                fix: ["Let it listen on 127.0.0.1 (for many servers: --host 127.0.0.1; Node: `server.listen(PORT, \"127.0.0.1\")`)"]
            )
        }
        if let taken = listening.first(where: { publicPorts.contains($0.port) }) {
            return Wording(
                title: "The backend listens on \(taken), the public port that is Gatehouse's", blame: .configuration,
                expected: "a socket on \(place)",
                fix: ["The public port is taken by Gatehouse; give the backend the private one: \(advice)"])
        }
        if let other = listening.first {
            return Wording(
                title: "The backend listens on \(other), not on port \(port) that it was given", blame: .configuration,
                expected: "a socket on \(place)",
                fix: [
                    "Let it listen on the port that it is given: \(advice)",
                    "Or name the port that it insists on: --backend-port \(other.port)",
                ])
        }
        return Wording(
            title: "The backend listens on nothing", blame: .backend, expected: "a socket on \(place)",
            fix: [
                "Look at what it waits for at its start (a database, a migration); --start-timeout gives it longer",
                "Is it a server at all? It must listen on the port that it is given: \(advice)",
            ])
    }

    private var processText: String {
        switch end {
        case nil: "\(command) runs, \(waited.nanoseconds / 1_000_000_000) s after its start"
        case .exit(let code): "\(command) ended with exit code \(code), \(Int(waited.milliseconds)) ms after its start"
        case .signal(let signal):
            "\(command) was ended by signal \(signal)\(signal == 9 ? " (SIGKILL: often the kernel, for want of memory)" : ""), "
                + "\(Int(waited.milliseconds)) ms after its start"
        case .unstartable: "\(command) was not started"
        }
    }

    private var listeningText: String {
        listening.isEmpty ? "nothing" : listening.prefix(8).map(\.description).joined(separator: ", ")
    }

    /// How this command is told its port, where its name says it.
    private var advice: String {
        let name = command.split(separator: "/").last.map(String.init) ?? command
        let known = BackendStart.advice.first { name == $0.name || name.hasPrefix($0.name + "-") }?.text
        return known ?? "`{port}` in the command, or PORT in its environment"
    }

    private static let advice: [(name: String, text: String)] = [
        ("uvicorn", "`uvicorn main:app --port {port}`"), ("hypercorn", "`hypercorn -b 127.0.0.1:{port} main:app`"),
        ("daphne", "`daphne -b 127.0.0.1 -p {port} asgi:application`"), ("gunicorn", "`gunicorn -b 127.0.0.1:{port} …`"),
        ("fastapi", "`fastapi run --port {port}`"), ("flask", "`flask run --port {port}`"),
        ("sanic", "`sanic main.app --port {port}`"),
        ("node", "`server.listen(process.env.PORT)`"), ("npm", "`process.env.PORT` in the script"),
        ("yarn", "`process.env.PORT` in the script"), ("pnpm", "`process.env.PORT` in the script"),
        ("next", "`next start -p {port}`"), ("vite", "`vite --port {port} --strictPort`"),
        ("python", "`{port}` in the command, or `os.environ[\"PORT\"]`"),
        ("python3", "`{port}` in the command, or `os.environ[\"PORT\"]`"),
        ("rails", "`rails server -p {port}`"), ("puma", "`puma -p {port}`"), ("bundle", "`bundle exec puma -p {port}`"),
        ("mix", "`http: [port: System.get_env(\"PORT\")]` in config/runtime.exs"), ("java", "`--server.port={port}` (Spring Boot)"),
        ("dotnet", "`--urls http://127.0.0.1:{port}`"), ("php", "`php -S 127.0.0.1:{port}`"),
        ("jupyter", "`jupyter lab --port {port}`"), ("jupyter-lab", "`jupyter lab --port {port}`"),
    ]
}
