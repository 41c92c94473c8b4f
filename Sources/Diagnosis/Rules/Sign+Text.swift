extension Sign {
    /// What was seen, as a clause of a sentence: "the answer is 403".
    ///
    /// The words stand in the files of the groups. No compiler sees whether one is left out there: a test does.
    public var text: String {
        texts.first ?? id
    }

    /// The words of each group that knows this sign: exactly one.
    var texts: [String] { [requestText, answerText, responderText, probeText, sessionText, outputText].compactMap(\.self) }
}
