import Configuration
import Wire

/// What the command line asks for, read and checked.
struct AnalyzeOptions {
    var files: [String]
    var isJSON = false
    var listsAll = false
    var session: Wanted?
    var showsMessages = false
    var har: String?
    var html: String?
    var force = false

    /// One session, by its number in the analysis or by Gatehouse's name.
    enum Wanted: Equatable {
        case number(UInt64)
        case name(SessionID)

        /// Reads `3`, `#3` or a name.
        init(_ text: String) throws(CommandFault) {
            let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
            if let number = UInt64(digits), digits.utf8.count < 13 {
                self = .number(number)
            } else if let name = SessionID(text) {
                self = .name(name)
            } else {
                throw CommandFault(sentence: "--session is neither a number nor a session's name of 13 characters")
            }
        }

        func means(_ number: UInt64, _ name: SessionID?) -> Bool {
            switch self {
            case .number(let wanted): wanted == number
            case .name(let wanted): wanted == name
            }
        }
    }

    init(_ flags: FlagParser.Result) throws(CommandFault) {
        files = flags.positionals
        guard !files.isEmpty else {
            throw CommandFault(sentence: "no file is named; give the path of a capture, or - for the standard input")
        }
        isJSON = flags.has("json")
        listsAll = flags.has("all")
        force = flags.has("force")
        har = flags["har"]
        html = flags["html"]
        showsMessages = flags.has("messages")
        session = try flags["session"].map { (text) throws(CommandFault) in try Wanted(text) }
    }
}
