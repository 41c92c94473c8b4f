import Configuration
import Testing

/// Decodes text as a file `g.yaml`.
func decode(
    _ text: String, file: String = "g.yaml", flags: [String: String] = [:], environment: [String: String] = [:]
) throws -> Snapshot {
    try Snapshot.decode(Array(text.utf8), file: file, flags: flags, environment: environment)
}

/// The problems of a text that must have some.
func problems(
    _ text: String, flags: [String: String] = [:], environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
) -> [ConfigurationProblem] {
    do {
        _ = try decode(text, flags: flags, environment: environment)
        Issue.record("the configuration was accepted", sourceLocation: sourceLocation)
        return []
    } catch let error as ConfigurationError {
        return error.problems
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
        return []
    }
}

/// The only problem of a text that must have one.
func problem(
    _ text: String, flags: [String: String] = [:], environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> ConfigurationProblem {
    let found = problems(text, flags: flags, environment: environment, sourceLocation: sourceLocation)
    #expect(found.count == 1, "\(found)", sourceLocation: sourceLocation)
    return try #require(found.first, sourceLocation: sourceLocation)
}
