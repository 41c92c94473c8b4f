public import Wire

/// A worker's way to write the ledger: one buffer, one redaction, one writer.
///
/// Every thread that writes lines has its own `Ledger`; the `LogWriter` and the `LogRedaction` are shared. Each kind of line
/// has its function in a file of its own (`Ledger+Handshake.swift`, `Ledger+Close.swift`, …); the
/// names of events and members are the ones of Docs/Ledger, and don't change their meaning.
public final class Ledger {
    var line: LineBuffer
    public let redaction: LogRedaction
    private let writer: LogWriter?
    /// Where lines go instead, in tests and tools.
    private let capture: (([UInt8]) -> Void)?

    public init(writer: LogWriter, redaction: LogRedaction) {
        line = LineBuffer()
        self.redaction = redaction
        self.writer = writer
        capture = nil
    }

    /// A ledger whose finished lines are handed to `capture`: for tests, `demo` and offline tools.
    public init(redaction: LogRedaction, capture: @escaping ([UInt8]) -> Void) {
        line = LineBuffer()
        self.redaction = redaction
        writer = nil
        self.capture = capture
    }

    /// Writes one line: what all lines have, then what `fields` adds.
    ///
    /// `event` and `message` are constants; whatever varies is a field.
    public func write(
        _ event: StaticString, level: LogLevel = .info, at time: Timestamp, session: SessionID? = nil,
        message: StaticString, _ fields: (inout LineBuffer) -> Void = { _ in }
    ) {
        line.begin(event, level: level, at: time, session: session, message: message)
        fields(&line)
        deliver()
    }

    /// Ends the line under construction and hands it on.
    func deliver() {
        line.finish()
        if let writer {
            writer.append(line)
        } else if let capture {
            capture(line.bytes())
        }
    }
}
