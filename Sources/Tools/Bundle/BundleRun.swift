import CLinux
import CaptureFile
import Configuration
import ProxyCore
import TLSEngine
import Telemetry
import Wire

/// One run of `bundle`: collects, writes one archive, and says what is in it and what isn't.
final class BundleRun {
    private let options: BundleOptions
    private let redaction: LogRedaction
    private var archive: TarArchive
    /// What the bundle's README says of each file, and of what is not there.
    private var contents: [(name: String, about: String)] = []
    private var missing: [String] = []

    /// The folder that everything stands in.
    private static let folder = "gatehouse-bundle"

    init(_ options: BundleOptions) {
        self.options = options
        var random = SecureRandom()
        redaction = LogRedaction(key: (random.next(), random.next()))
        archive = TarArchive(time: clinux_realtime() / 1_000_000_000)
    }

    func run() throws(CommandFault) -> ExitCode {
        let now = Timestamp(nanoseconds: clinux_realtime())
        let settings = try configuration()
        let from = options.since.map {
            Timestamp(nanoseconds: now.nanoseconds > $0.nanoseconds ? now.nanoseconds - $0.nanoseconds : 0)
        }
        var ledger = LedgerExtract(sessions: options.sessions, from: from ?? .zero, keepsPayloads: options.keepsPayloads)
        for path in options.ledgers.isEmpty ? settings.ledger : options.ledgers { try ledger.read(path) }
        let capture = try captured(ledger, settings.captures)
        let live = admin()
        let known = ledger.sessions.union(capture?.found ?? [])
        guard !known.isEmpty || live > 0 || options.since != nil else {
            Terminal.note(
                "gatehouse bundle: nothing is known of \(options.sessions.map { "\($0)" }.joined(separator: ", ")): neither the ledger\(capture == nil ? "" : ", the captures") nor the admin endpoints have it; say --ledger, --captures or --admin"
            )
            return .unreachable
        }
        add(ledger)
        if let settings = settings.text {
            add("configuration.yaml", "the configuration without its secrets and comments", Array(settings.utf8))
        }
        add("versions.txt", "what it runs on", Array(MachineFacts.text.utf8))
        add(readMe(known, now))
        try write()
        let names = contents.map(\.name).joined(separator: ", ")
        Terminal.line("\(options.write): \(known.count) session\(known.count == 1 ? "" : "s"); \(names)")
        for sentence in missing { Terminal.note("gatehouse bundle: \(sentence)") }
        return .success
    }

    // MARK: Parts

    /// The configuration as others may see it, and where it says that the ledger and the tap's files are.
    private func configuration() throws(CommandFault) -> (text: String?, ledger: [String], captures: String?) {
        guard let path = options.config else {
            missing.append("no configuration is in it; say --config")
            if options.ledgers.isEmpty { missing.append("no ledger is in it; say --ledger") }
            return (nil, [], nil)
        }
        var text: String?
        do throws(ConfigurationError) {
            text = try ConfigurationText.withoutSecrets(file: path)
        } catch {
            throw CommandFault(sentence: error.description)
        }
        if text == nil {
            missing.append("the configuration can't be read as YAML and was left out: gatehouse check-config says why")
        }
        // URLs in it may have a user and password, and tokens stand where nobody expects them.
        text = text.map { $0.split(separator: "\n").map { visible(String($0)) }.joined(separator: "\n") + "\n" }
        do throws(ConfigurationError) {
            let snapshot = try Snapshot.load(file: path, environment: Terminal.environment)
            var ledger: [String] = []
            if case .file(let file) = snapshot.log.output { ledger = [file] }
            if options.ledgers.isEmpty, ledger.isEmpty {
                missing.append("no ledger is in it: log.output is no file; say --ledger")
            }
            if !snapshot.capture.policy.redacts {
                missing.append(
                    "captures hold heads with their secrets (capture.redact: false): look before the bundle is handed on")
            }
            return (text, ledger, snapshot.capture.directory)
        } catch {
            if options.ledgers.isEmpty {
                missing.append("the configuration has faults, so the ledger's file isn't known; say --ledger")
            }
            return (text, [], nil)
        }
    }

    /// A line without what looks like a secret; blanks at its beginning stay.
    private func visible(_ line: String) -> String {
        let indent = line.prefix { $0 == " " }
        return indent + ReportPage(hasColour: false).visible(String(line.dropFirst(indent.count)), redaction)
    }

    /// The packets of the sessions.
    ///
    /// - Parameter configured: where the configuration says that captures are; a folder that the command line names goes before, and has to be there.
    private func captured(_ ledger: LedgerExtract, _ configured: String?) throws(CommandFault) -> CaptureExtract? {
        guard let folder = options.captures ?? configured else { return nil }
        let extract = CaptureExtract(sessions: ledger.sessions.union(options.sessions))
        do throws(CommandFault) {
            try extract.read(folder: folder)
        } catch {
            guard options.captures == nil else { throw CommandFault(sentence: "--captures \(error.sentence)") }
            missing.append("no capture is in it: capture.directory of the configuration, \(error.sentence)")
            return nil
        }
        missing += extract.faults
        if extract.omitted > 0 {
            missing.append("the capture is cut: \(extract.omitted) packets beyond 256 MiB were left out")
        }
        if extract.packets > 0 {
            add(
                "capture.pcapng",
                "\(extract.packets) packets of \(extract.found.count) sessions, for Wireshark, gatehouse analyze and replay; with the messages, as the tap wrote them",
                extract.file)
        } else {
            missing.append("the captures have nothing of these sessions")
        }
        return extract
    }

    /// What the running process says; how many of the sessions it knows.
    private func admin() -> Int {
        guard let address = options.admin else { return 0 }
        let client = AdminClient(address: address)
        var live = 0
        for session in options.sessions {
            guard let answer = client.ask("GET", "/api/sessions/\(session)") else {
                missing.append("the admin endpoints at \(address) don't answer")
                return live
            }
            guard answer.status == 200 else { continue }
            live += 1
            add("admin/\(session).json", "what the running process knows of the session", Array(answer.body.utf8))
        }
        var targets = [("/api/causes", "causes.json", "the verdicts' causes, counted"), ("/metrics", "metrics.txt", "all metrics")]
        if options.since != nil { targets.append(("/api/sessions?limit=1000", "sessions.json", "the sessions that are open")) }
        for (target, name, about) in targets {
            guard let answer = client.ask("GET", target) else {
                missing.append("the admin endpoints at \(address) don't answer")
                return live
            }
            guard answer.status == 200 else {
                missing.append("the admin endpoints answered \(answer.status) to \(target)")
                continue
            }
            add("admin/\(name)", about, Array(answer.body.utf8))
        }
        return live
    }

    private func add(_ ledger: LedgerExtract) {
        guard !ledger.lines.isEmpty else { return }
        add("verdict.txt", "what happened and why, for people", Array(ledger.pages.utf8))
        add("verdict.json", "the verdicts for programs", ledger.verdicts)
        add("heads.txt", "requests and responses, secrets left out", Array(ledger.heads.utf8))
        add("ledger.jsonl", "the ledger's lines\(options.keepsPayloads ? "" : ", without texts of messages")", ledger.text)
        if ledger.omitted > 0 { missing.append("the ledger is cut: \(ledger.omitted) lines beyond 64 MiB were left out") }
    }

    private func add(_ name: String, _ about: String, _ content: [UInt8]) {
        contents.append((name, about))
        archive.add("\(BundleRun.folder)/\(name)", content)
    }

    private func add(_ text: String) { archive.add("\(BundleRun.folder)/README.txt", text) }

    private func readMe(_ sessions: Set<SessionID>, _ now: Timestamp) -> String {
        var text = "A bundle of Gatehouse \(Version.text), made at \(AnalysisReport.clock(now)) UTC, about "
        text +=
            options.since.map { "the \(AnalysisReport.shown($0)) before: \(sessions.count) sessions\n\n" }
            ?? "\(options.sessions.map { "\($0)" }.joined(separator: ", "))\n\n"
        for entry in contents { text += "\(entry.name)\n    \(entry.about)\n" }
        if !missing.isEmpty { text += "\nWhat is not in it:\n" + missing.map { "    \($0)\n" }.joined() }
        return text
    }

    private func write() throws(CommandFault) {
        guard let packed = Gzip.compressed(archive.whole) else {
            throw CommandFault(sentence: "there is no memory to compress the bundle")
        }
        do throws(OutputFile.Fault) {
            let file = try OutputFile(options.write, force: options.force)
            try file.write(packed)
            file.close()
        } catch {
            throw CommandFault(sentence: error.sentence)
        }
    }
}
