public import Wire

/// One log line under construction: JSON appended straight into bytes that are used again for the next line.
///
/// A worker owns one. `begin` empties it, the `field` functions append, `finish` closes the record and puts the newline.
/// Nothing is allocated once the buffer has the size of the longest line so far.
///
/// What holds for every line, whatever a peer sent:
/// 1. It is valid UTF-8 and one JSON object, followed by one newline and containing none.
/// 2. It has no byte below 0x20, no DEL, no C1 control and no character that turns or hides text, so that showing it on a
///    terminal shows what is in it. `LineBuffer+Text.swift` is the only way for foreign bytes to get in.
/// 3. A value is cut at `valueLimit` bytes, with a marker that says how many are missing, and once a line has
///    grown past `lineLimit` its further values are cut to a few bytes: the line stays whole.
///
/// Commas need no state: a value is preceded by one unless the byte before it opens something (`{`, `[`, `:`), and a
/// string always ends in a quote.
public struct LineBuffer: ~Copyable {
    /// The bytes; `count` of them are the line so far.
    var base: UnsafeMutablePointer<UInt8>
    var capacity: Int
    /// How many bytes the line has so far.
    public internal(set) var count = 0

    /// The most bytes of one foreign value that are shown.
    let valueLimit: Int
    /// The length past which further values are shortened to `stub` bytes.
    let lineLimit: Int
    /// What is left of a value in a line that is already too long.
    static var stub: Int { 32 }

    /// Bytes that the open string may still take, and those that it had to leave out.
    var budget = 0
    var omitted = 0

    /// Where secrets stood, for who wants to replace them at their place and not to write them; nil for a line.
    var secrets: [UnsafeBufferPointer<UInt8>]?

    /// The second whose date is kept in `date`.
    var second: UInt64 = .max
    /// `2026-01-31T12:00:00.` of `second`.
    var date = InlineArray<20, UInt8>(repeating: 0)

    /// An empty line.
    ///
    /// - Parameters:
    ///   - valueLimit: The most bytes of one foreign value that are shown, before escaping.
    ///   - lineLimit: The length, in bytes, past which a line's further values are cut to a few bytes.
    public init(capacity: Int = 8192, valueLimit: Int = 4096, lineLimit: Int = 65536) {
        self.capacity = max(capacity, 256)
        self.valueLimit = max(valueLimit, LineBuffer.stub)
        self.lineLimit = lineLimit
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    /// The line so far, valid until the next call.
    public borrowing func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// A copy of the line so far, for tests and for lines that aren't hot.
    public borrowing func bytes() -> [UInt8] { [UInt8](UnsafeBufferPointer(start: base, count: count)) }

    /// Forgets the line.
    public mutating func clear() { count = 0 }

    // MARK: The record

    /// Starts a record with the members that every line has, in the order that every line has them.
    ///
    /// `event` and `message` are constants of ours: variables are fields of their own.
    public mutating func begin(
        _ event: StaticString, level: LogLevel, at time: Timestamp, session: SessionID? = nil, message: StaticString
    ) {
        count = 0
        reserve(512)
        put(0x7B)
        field("time", time: time)
        field("level", constant: level.name)
        field("event", constant: event)
        if let session { field("session", session: session) }
        field("message", constant: message)
    }

    /// Closes the record and ends the line.
    public mutating func finish() {
        reserve(2)
        put(0x7D)
        put(0x0A)
    }

    // MARK: Structure

    /// Opens an object as the member `key`.
    public mutating func beginObject(_ key: StaticString) {
        self.key(key)
        put(0x7B)
    }

    /// Opens an object as the next element.
    public mutating func beginObject() {
        separate()
        put(0x7B)
    }

    public mutating func endObject() {
        reserve(1)
        put(0x7D)
    }

    /// Opens an array as the member `key`.
    public mutating func beginArray(_ key: StaticString) {
        self.key(key)
        put(0x5B)
    }

    /// Opens an array as the next element.
    public mutating func beginArray() {
        separate()
        put(0x5B)
    }

    public mutating func endArray() {
        reserve(1)
        put(0x5D)
    }

    // MARK: Bytes

    /// Room for `more` bytes after the line so far.
    @inline(__always)
    mutating func reserve(_ more: Int) {
        if capacity - count < more { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let size = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity = size
    }

    /// Appends one byte; room must be there.
    @inline(__always)
    mutating func put(_ byte: UInt8) {
        base[count] = byte
        count &+= 1
    }

    /// Appends bytes that are known to need no escaping.
    @inline(__always)
    mutating func put(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        reserve(length)
        (base + count).update(from: text.utf8Start, count: length)
        count &+= length
    }

    /// Puts the comma before a value, where there is one before it.
    @inline(__always)
    mutating func separate() {
        reserve(2)
        guard count > 0 else { return }
        switch base[count - 1] {
        case 0x7B, 0x5B, 0x3A: return
        default: put(0x2C)
        }
    }

    /// Puts `"key":`. Keys are constants of ours and need no escaping.
    @inline(__always)
    mutating func key(_ key: StaticString) {
        separate()
        reserve(key.utf8CodeUnitCount + 4)
        put(0x22)
        put(key)
        put(0x22)
        put(0x3A)
    }
}

/// How much a line matters to an operator.
public enum LogLevel: UInt8, Sendable, Hashable {
    case info
    case warning
    case error

    var name: StaticString {
        switch self {
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }
}
