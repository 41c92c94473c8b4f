public import Diagnosis
import Glibc

/// How wide the terminal under a descriptor is, at this moment: it may be resized while a log is written.
public enum TerminalWidth {
    /// `COLUMNS`, or what the terminal says; the standard width for what is no terminal.
    public static func of(_ descriptor: Int32) -> TextWidth {
        var size = winsize()
        guard isatty(descriptor) == 1 else { return .standard }
        let columns = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : nil
        return TextWidth(variable: getenv("COLUMNS").map { String(cString: $0) }, terminal: columns)
    }
}
