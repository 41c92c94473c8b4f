/// What the harness could not do: said with what was observed, so that the test's output is enough.
struct HarnessFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
