import Wire

/// What request line and status line share.
enum StartLine {
    /// Steps over empty lines before the head. One CRLF is what RFC 9112 §2.2 asks a server to ignore; more are refused.
    static func skipEmptyLines(_ input: borrowing RawSpan, faults: inout FaultList) -> Int {
        var position = 0
        var lines = 0
        while position < input.byteCount {
            if input.byte(at: position) == 0x0D, position + 1 < input.byteCount, input.byte(at: position + 1) == 0x0A {
                position += 2
            } else if input.byte(at: position) == 0x0A {
                faults.add(.bareLineFeed, position..<position + 1)
                position += 1
            } else {
                break
            }
            lines += 1
        }
        if lines > 0 { faults.add(lines == 1 ? .leadingEmptyLine : .leadingEmptyLines, 0..<position) }
        return position
    }

    /// Where the line's content ends, and where the next line begins.
    static func end(of input: borrowing RawSpan, from start: Int, faults: inout FaultList) -> (Int, Int) {
        let feed = input.firstLineFeed(from: start, to: input.byteCount)
        if feed == input.byteCount { return (feed, feed) }
        if feed > start, input.byte(at: feed - 1) == 0x0D { return (feed - 1, feed + 1) }
        faults.add(.bareLineFeed, feed..<feed + 1)
        return (feed, feed + 1)
    }

    /// The end of `range` without blanks there.
    static func trimmed(_ input: borrowing RawSpan, _ range: Range<Int>) -> Int {
        var end = range.upperBound
        while end > range.lowerBound, input.byte(at: end - 1).isBlank { end -= 1 }
        return end
    }

    /// `HTTP/` DIGIT `.` DIGIT, in capitals (RFC 9112 §2.3).
    static func version(_ input: borrowing RawSpan, _ range: Range<Int>, faults: inout FaultList) -> HTTPVersion {
        let start = range.lowerBound
        let isNamed =
            range.count >= 5 && input.byte(at: start) == 0x48 && input.byte(at: start + 1) == 0x54
            && input.byte(at: start + 2) == 0x54 && input.byte(at: start + 3) == 0x50
            && input.byte(at: start + 4) == 0x2F
        guard isNamed, range.count == 8, input.byte(at: start + 6) == 0x2E, input.byte(at: start + 5).isDigit,
            input.byte(at: start + 7).isDigit
        else {
            faults.add(.versionInvalid, range)
            return .unsupported
        }
        guard input.byte(at: start + 5) == 0x31 else {
            faults.add(.versionUnsupported, range)
            return .unsupported
        }
        switch input.byte(at: start + 7) {
        case 0x30: return .http10
        case 0x31: return .http11
        default:
            faults.add(.versionNewerMinor, range)
            return .http11
        }
    }

    /// Where the authority of an `http`, `https`, `ws` or `wss` URI begins, or nil if this is none.
    static func schemeEnd(_ input: borrowing RawSpan, _ range: Range<Int>) -> Int? {
        func begins(_ text: StaticString) -> Int? {
            let count = text.utf8CodeUnitCount
            guard range.count >= count else { return nil }
            for offset in 0..<count {
                let expected = unsafe text.utf8Start[offset]
                if input.byte(at: range.lowerBound + offset).lowercased != expected { return nil }
            }
            return range.lowerBound + count
        }
        return begins("http://") ?? begins("https://") ?? begins("ws://") ?? begins("wss://")
    }
}
