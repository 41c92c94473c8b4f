import Glibc

/// A stream of bytes to lines, in bounded memory.
///
/// A line that grows longer than the limit is given as far as it has come, and the rest of it is let go: what is looked for in
/// lines stands near their start, and a megabyte without an end must cost nothing.
public struct LineSplitter {
    /// The most of one line that is kept, in bytes.
    public static let limit = 8192

    private var line: [UInt8] = []
    /// Whether this line's beginning was given already.
    private var isOverlong = false

    public init() {}

    /// Takes a piece of the stream and gives each line that it ends, without its line end.
    public mutating func take(_ bytes: UnsafeRawBufferPointer, _ give: ([UInt8]) -> Void) {
        var rest = bytes[...]
        while let start = rest.base.baseAddress.map({ $0 + rest.startIndex }), !rest.isEmpty {
            let end = memchr(start, 0x0A, rest.count).map { UnsafeRawPointer($0) - start } ?? rest.count
            keep(rest.prefix(end), give)
            guard end < rest.count else { return }
            if !isOverlong { self.give(give) }
            isOverlong = false
            rest = rest.dropFirst(end + 1)
        }
    }

    /// The stream is over: gives what has no line end.
    public mutating func finish(_ give: ([UInt8]) -> Void) {
        if !isOverlong, !line.isEmpty { self.give(give) }
        line = []
    }

    private mutating func keep(_ part: Slice<UnsafeRawBufferPointer>, _ give: ([UInt8]) -> Void) {
        guard !isOverlong else { return }
        line.append(contentsOf: part.prefix(LineSplitter.limit - line.count))
        guard line.count == LineSplitter.limit else { return }
        self.give(give)
        isOverlong = true
    }

    private mutating func give(_ give: ([UInt8]) -> Void) {
        if line.last == 0x0D { line.removeLast() }
        give(line)
        line.removeAll(keepingCapacity: true)
    }
}
