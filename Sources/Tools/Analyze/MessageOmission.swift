/// Why messages of a session are not kept.
struct MessageOmission: OptionSet {
    let rawValue: UInt8

    /// The capture doesn't have all of their bytes.
    static let missing = MessageOmission(rawValue: 1)
    /// The session has more than is kept of one.
    static let long = MessageOmission(rawValue: 2)
    /// What other sessions had at that time left no room.
    static let crowded = MessageOmission(rawValue: 4)
    /// Whoever wrote the recording left them out.
    static let unrecorded = MessageOmission(rawValue: 8)

    /// The reasons in one sentence.
    var words: String {
        var words: [String] = []
        if contains(.missing) { words.append("bytes of them are missing") }
        if contains(.long) { words.append("the session has more than \(MessageLog.limit >> 20) MiB") }
        if contains(.crowded) { words.append("all sessions together have more than \(MessageBudget.bytes >> 20) MiB at a time") }
        if contains(.unrecorded) { words.append("they were left out when the recording was written") }
        return words.joined(separator: "; ")
    }
}
