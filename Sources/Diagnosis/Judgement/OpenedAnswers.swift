import HTTPWire
import Wire

/// What the last answers that opened sessions said, by their shape.
///
/// Theory of operation. A backend answers its handshakes alike: from one 101 to the next only the accept key and the date differ, and neither
/// says who wrote it. So the octets around those two are compared with those of a few earlier answers; where they are the same, so are the
/// signs and the stacks, and no fingerprint is held against them again. What is wrong with an answer depends on its request: only answers
/// without a fault come here. A backend that never answers alike costs the comparison and no more, and the memory is bounded.
public struct OpenedAnswers: Sendable {
    /// What one shape says.
    struct Meaning: Sendable {
        let signs: SignSet
        let author: Stack?
        let hop: Stack?
    }

    private struct Shape: Sendable {
        let bytes: [UInt8]
        let accept: Range<Int>
        let date: Range<Int>
        let meaning: Meaning
    }

    /// Shapes that are remembered: endpoints of several clusters, and what stands before them.
    static let limit = 8
    /// Longer heads are not worth their comparison.
    static let longest = 1024

    private var shapes: [Shape] = []
    /// The place of the next shape, once all are taken.
    private var next = 0

    public init() {}

    /// What a fault-free 101 without a body says, as `read` works it out where its shape is new.
    mutating func meaning(of head: ResponseHead, _ read: () -> Meaning) -> Meaning {
        let accept = head.value(of: .secWebSocketAccept) ?? 0..<0
        let date = head.value(of: .date) ?? 0..<0
        for shape in shapes where shape.accept == accept && shape.date == date && OpenedAnswers.isAlike(shape, head) {
            return shape.meaning
        }
        let meaning = read()
        guard head.bytes.count <= OpenedAnswers.longest else { return meaning }
        let shape = Shape(bytes: head.bytes, accept: accept, date: date, meaning: meaning)
        if shapes.count < OpenedAnswers.limit {
            shapes.append(shape)
        } else {
            shapes[next] = shape
            next = (next + 1) % OpenedAnswers.limit
        }
        return meaning
    }

    /// Whether all octets but those of the accept key and the date are the same.
    private static func isAlike(_ shape: Shape, _ head: ResponseHead) -> Bool {
        guard shape.bytes.count == head.bytes.count else { return false }
        let old = unsafe shape.bytes.span.bytes
        let new = unsafe head.bytes.span.bytes
        let acceptIsFirst = shape.accept.lowerBound < shape.date.lowerBound
        let (first, second) = acceptIsFirst ? (shape.accept, shape.date) : (shape.date, shape.accept)
        return areEqual(old, new, 0, first.lowerBound) && areEqual(old, new, first.upperBound, second.lowerBound)
            && areEqual(old, new, second.upperBound, new.byteCount)
    }

    private static func areEqual(_ old: RawSpan, _ new: RawSpan, _ start: Int, _ end: Int) -> Bool {
        var position = start
        while position < end {
            guard old.byte(at: position) == new.byte(at: position) else { return false }
            position += 1
        }
        return true
    }
}
