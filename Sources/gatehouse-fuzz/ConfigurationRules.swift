import Configuration

/// Configuration: a file is accepted, or refused with problems that can be shown.
enum ConfigurationRules {
    static func run(_ input: [UInt8]) {
        do throws(ConfigurationError) {
            _ = try Snapshot.decode(input, file: "fuzz.yaml", environment: ["PORT": "8080"])
        } catch {
            hold(!error.problems.isEmpty, "a refusal has a problem")
            hold(!error.description.isEmpty, "a refusal can be shown")
            hold(!error.json.unicodeScalars.contains { $0.value < 0x20 }, "JSON has no control characters")
        }
    }
}
