import Wire

/// Concludes from the record of one session why it ended.
enum SessionJudge {
    static func judge(_ record: SessionRecord, events: SessionEvents) -> (findings: [Finding], verdict: Verdict?) {
        ([], nil)
    }
}
