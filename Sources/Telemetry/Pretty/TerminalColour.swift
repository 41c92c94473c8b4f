import Glibc

/// Whether output is coloured: on a terminal, unless it is a dumb one or its user set `NO_COLOR` (no-color.org).
public enum TerminalColour {
    public static func isWanted(onTerminal isTerminal: Bool) -> Bool {
        guard isTerminal, getenv("NO_COLOR") == nil else { return false }
        return getenv("TERM").map { String(cString: $0) } != "dumb"
    }
}
