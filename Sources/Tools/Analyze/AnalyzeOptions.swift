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

        func means(_ number: UInt64, _ name: SessionID?) -> Bool {
            switch self {
            case .number(let wanted): wanted == number
            case .name(let wanted): wanted == name
            }
        }
    }

    /// What is wrong with the command line, in one sentence.
    struct Fault: Error, Equatable {
        var sentence: String
    }

    init(_ flags: FlagParser.Result) throws(Fault) {
        files = flags.positionals
        guard !files.isEmpty else {
            throw Fault(sentence: "no file is named; give the path of a capture, or - for the standard input")
        }
        isJSON = flags.has("json")
        listsAll = flags.has("all")
        force = flags.has("force")
        har = flags["har"]
        html = flags["html"]
        showsMessages = flags.has("messages")
        if let text = flags["session"] {
            let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
            if let number = UInt64(digits), digits.utf8.count < 13 {
                session = .number(number)
            } else if let name = SessionID(text) {
                session = .name(name)
            } else {
                throw Fault(sentence: "--session is neither a number nor a session's name of 13 characters")
            }
        }
    }
}
