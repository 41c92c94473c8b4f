import Wire

/// What is to be different from the recording, as `--rewrite` says it.
///
/// Without rules, the Host is the target's, and an Origin that was the recorded host's own becomes the target's own: any other is sent as
/// it was recorded, since it may be why the handshake failed.
struct RewriteRules {
    /// Where a value of the server's is found that the client's messages repeat.
    enum Learnt {
        case json(JSONPath)
        /// The first group, or the whole match where there is none.
        case pattern(Regex<AnyRegexOutput>)
    }

    struct Fault: Error, Equatable {
        var sentence: String
    }

    var host: String?
    var origin: String?
    /// Fields to set, or (nil) to leave out.
    var fields: [(name: String, value: String?)] = []
    var query: [(name: String, value: String)] = []
    /// Texts to replace in the client's messages.
    var texts: [(recorded: String, present: String)] = []
    var learnt: [Learnt] = []

    static let help =
        "Changes what is sent: host=NAME, origin=URL, header:NAME=VALUE (without =VALUE it is left out), query:NAME=VALUE, text:OLD=NEW (in the client's messages), json:PATH or pattern:REGEX (a value that the server gives in this run replaces the one that it gave in the recording)."

    /// Reads the rules. Values are not repeated in faults: they may be secrets.
    init(_ texts: [String]) throws(Fault) {
        for text in texts { try add(text) }
    }

    private mutating func add(_ text: String) throws(Fault) {
        if let rest = RewriteRules.behind("json:", text) {
            guard let path = JSONPath(rest) else {
                throw Fault(sentence: "--rewrite json: expects a path such as $.session.id, $.items[0].id or $..token")
            }
            learnt.append(.json(path))
        } else if let rest = RewriteRules.behind("pattern:", text) {
            learnt.append(.pattern(try RewriteRules.pattern(rest, flag: "--rewrite pattern:")))
        } else if let rest = RewriteRules.behind("header:", text) {
            let (name, value) = RewriteRules.pair(rest)
            guard RewriteRules.isToken(name), RewriteRules.isFieldValue(value ?? "") else {
                throw Fault(sentence: "--rewrite header: expects NAME=VALUE without control characters, or NAME alone")
            }
            fields.append((name, value))
        } else if let rest = RewriteRules.behind("query:", text) {
            let (name, value) = RewriteRules.pair(rest)
            guard !name.isEmpty, let value, (name + value).utf8.allSatisfy({ (0x21..<0x7F).contains($0) && $0 != 0x23 }) else {
                throw Fault(sentence: "--rewrite query: expects NAME=VALUE, percent-encoded")
            }
            query.append((name, value))
        } else if let rest = RewriteRules.behind("text:", text) {
            let (old, new) = RewriteRules.pair(rest)
            guard !old.isEmpty, let new else { throw Fault(sentence: "--rewrite text: expects OLD=NEW") }
            self.texts.append((old, new))
        } else if let value = RewriteRules.behind("host=", text), RewriteRules.isFieldValue(value) {
            host = value
        } else if let value = RewriteRules.behind("origin=", text), RewriteRules.isFieldValue(value) {
            origin = value
        } else {
            throw Fault(
                sentence:
                    "--rewrite knows host=NAME, origin=URL, header:NAME=VALUE, query:NAME=VALUE, text:OLD=NEW, json:PATH and pattern:REGEX"
            )
        }
    }

    static func pattern(_ text: String, flag: String) throws(Fault) -> Regex<AnyRegexOutput> {
        do { return try Regex(text) } catch { throw Fault(sentence: "\(flag) is no regular expression") }
    }

    private static func behind(_ prefix: String, _ text: String) -> String? {
        text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
    }

    private static func pair(_ text: String) -> (String, String?) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts.first ?? ""), parts.count == 2 ? String(parts[1]) : nil)
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x5F
            }
    }

    private static func isFieldValue(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 } }
}
