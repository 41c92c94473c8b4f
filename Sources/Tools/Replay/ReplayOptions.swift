import Configuration
import Probing
import Wire

/// What the command line asks for, read and checked.
struct ReplayOptions {
    var files: [String]
    var place: DiagnosePlace
    /// Whether the target names a path, which then stands in the place of the recorded ones.
    var hasPath: Bool
    var pace = SessionPlayer.Pace.time
    var speed = SessionPlayer.Speed.times(1)
    var sessions: [AnalyzeOptions.Wanted] = []
    var concurrency: Int
    var repetitions = 1
    var rewrite: RewriteRules
    var rules = MessageRules()
    var expectedStatus: Int?
    var patience = TimeSpan.seconds(5)
    var isJSON = false
    var junit: String?
    var record: String?
    var force = false

    private static let mostConcurrent = 20_000

    init(_ flags: FlagParser.Result) throws(CommandFault) {
        files = flags.positionals
        guard !files.isEmpty else { throw CommandFault(sentence: "no file is named; give a capture, a HAR file or a ledger") }
        guard let url = flags["to"] else { throw CommandFault(sentence: "the target lacks; say --to ws://HOST:PORT") }
        do throws(DiagnosePlace.Fault) { place = try DiagnosePlace(url) } catch { throw CommandFault(sentence: error.sentence) }
        guard !place.isSecure else {
            throw CommandFault(sentence: "replay doesn't speak TLS yet; give the backend's own port, as ws://HOST:PORT")
        }
        hasPath = place.target != "/"
        do throws(RewriteRules.Fault) {
            rewrite = try RewriteRules(flags.all("rewrite"))
            rules.patterns = []
            for text in flags.all("ignore-pattern") {
                rules.patterns.append(try RewriteRules.pattern(text, flag: "--ignore-pattern"))
            }
        } catch {
            throw CommandFault(sentence: error.sentence)
        }
        for text in flags.all("ignore") {
            guard let path = JSONPath(text) else { throw CommandFault(sentence: "--ignore expects a path such as $.time or $..id") }
            rules.ignored.append(path)
        }
        if let text = flags["compare"], let mode = MessageRules.Mode(rawValue: text) { rules.mode = mode }
        if let text = flags["order"], let order = MessageRules.Order(rawValue: text) { rules.order = order }
        if let text = flags["pace"], let pace = SessionPlayer.Pace(rawValue: text) { self.pace = pace }
        if let text = flags["speed"] {
            if text == "max" {
                speed = .max
            } else if let factor = Double(text), factor >= 0.001, factor <= 1_000_000 {
                speed = .times(factor)
            } else {
                throw CommandFault(sentence: "--speed is neither max nor a factor such as 1, 0.5 or 10")
            }
        }
        // At full speed all would come at once.
        concurrency = speed == .max ? 64 : ReplayOptions.mostConcurrent
        if let text = flags["concurrency"] {
            guard let count = Int(text), (1...ReplayOptions.mostConcurrent).contains(count) else {
                throw CommandFault(sentence: "--concurrency is no number from 1 to \(ReplayOptions.mostConcurrent)")
            }
            concurrency = count
        }
        if let text = flags["repeat"] {
            guard let count = Int(text), (1...1_000_000).contains(count) else {
                throw CommandFault(sentence: "--repeat is no number from 1 to 1000000")
            }
            repetitions = count
        }
        if let text = flags["expect"] {
            guard let status = Int(text), (100...599).contains(status) else {
                throw CommandFault(sentence: "--expect is no status such as 101")
            }
            expectedStatus = status
        }
        if let text = flags["timeout"] {
            guard let span = ReplayOptions.span(text) else {
                throw CommandFault(sentence: "--timeout is no time such as 5s or 500ms")
            }
            patience = span
        }
        for text in flags.all("sessions") {
            for part in text.split(separator: ",") { sessions += try ReplayOptions.wanted(part) }
        }
        isJSON = flags.has("json")
        junit = flags["junit"]
        record = flags["record"]
        force = flags.has("force")
    }

    /// `3`, `3-7`, or Gatehouse's name of a session.
    private static func wanted(_ text: Substring) throws(CommandFault) -> [AnalyzeOptions.Wanted] {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        if ends.count == 2, let first = UInt64(ends[0]), let last = UInt64(ends[1]), first <= last, last - first < 100_000 {
            return (first...last).map { .number($0) }
        }
        if let number = UInt64(text), text.utf8.count < 13 { return [.number(number)] }
        if let name = SessionID(text) { return [.name(name)] }
        throw CommandFault(
            sentence: "--sessions expects numbers, ranges (3-7) or names of 13 characters, with commas between")
    }

    private static func span(_ text: String) -> TimeSpan? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = UInt64(digits), count > 0, count < 1_000_000 else { return nil }
        switch text.dropFirst(digits.count) {
        case "ms": return .milliseconds(count)
        case "s", "": return .seconds(count)
        case "m": return .seconds(count * 60)
        default: return nil
        }
    }
}
