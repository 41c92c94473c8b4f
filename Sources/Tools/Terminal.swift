public import Diagnosis
import Glibc
import Telemetry

/// What a command prints: results to the standard output, everything about them to the standard error.
public enum Terminal {
    /// Whether colour may be used on the standard output.
    public static var hasColour: Bool { TerminalColour.isWanted(onTerminal: isatty(1) == 1) }

    /// How wide a result may be laid out.
    public static var width: TextWidth { TerminalWidth.of(1) }

    /// Writes a result.
    public static func write(_ text: String) { writeAll(1, text) }

    /// Writes a line of a result.
    public static func line(_ text: String = "") { writeAll(1, text + "\n") }

    /// Writes a line about what goes on or went wrong.
    public static func note(_ text: String) { writeAll(2, text + "\n") }

    private static func writeAll(_ descriptor: Int32, _ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    /// The process's environment.
    public static var environment: [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { result[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return result
    }
}
