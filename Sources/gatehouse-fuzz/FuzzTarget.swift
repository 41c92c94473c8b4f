/// What can be fuzzed: one name per decoder, which is also its folder in `Tests/Corpus`.
///
/// A target is more than "it must not crash": each holds its decoder against a rule that is true of every input (the same
/// answer wherever the bytes are cut, what went on is a prefix, what was written reads back), and stops the process where the
/// rule breaks. The first byte of some inputs chooses options, so that a fuzzer can turn them too.
enum FuzzTarget: String, CaseIterable {
    case requestHead = "request-head"
    case responseHead = "response-head"
    case bodyFraming = "body-framing"
    case frameParser = "frame-parser"
    case messageValidator = "message-validator"
    case deflate
    case extensions
    case configuration
    case capture
    case segments
    case har

    /// Runs one input; returns if every rule holds.
    func run(_ input: [UInt8]) {
        switch self {
        case .requestHead: HeadRules.request(input)
        case .responseHead: HeadRules.response(input)
        case .bodyFraming: BodyRules.run(input)
        case .frameParser: FrameRules.run(input)
        case .messageValidator: ValidatorRules.run(input)
        case .deflate: DeflateRules.run(input)
        case .extensions: ExtensionRules.run(input)
        case .configuration: ConfigurationRules.run(input)
        case .capture: CaptureRules.file(input)
        case .segments: CaptureRules.segments(input)
        case .har: CaptureRules.har(input)
        }
    }
}

/// Stops the process: a rule does not hold for the input that is being run.
func hold(_ holds: Bool, _ rule: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line) {
    if !holds { fatalError("rule broken: " + rule(), file: file, line: line) }
}
