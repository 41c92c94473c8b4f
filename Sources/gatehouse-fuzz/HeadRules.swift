import HTTPWire
import Wire

/// Heads: places lie inside the bytes, the end is found wherever the bytes are cut, and no field can be written that
/// begins another line.
enum HeadRules {
    static func request(_ input: [UInt8]) {
        let head = RequestHead(parsing: input.span.bytes)
        check(head, input)
        let places = [
            head.methodRange, head.targetRange, head.pathRange, head.lineRange, head.queryRange, head.authorityRange,
        ]
        for place in places.compactMap(\.self) { hold(place.upperBound <= head.bytes.count, "places lie in the head") }
        _ = (head.effectiveHost, head.expectsContinue, head.isUpgrade(to: "websocket"), head.framing)
        if head.refusal == nil, case .untilClose = head.framing { hold(false, "a request has no body until close") }
    }

    static func response(_ input: [UInt8]) {
        let head = ResponseHead(parsing: input.span.bytes)
        check(head, input)
        hold(head.lineRange.upperBound <= head.bytes.count, "the line lies in the head")
        hold(head.reasonRange.upperBound <= head.bytes.count, "the reason lies in the head")
        if head.refusal == nil { hold((100..<1000).contains(head.status), "a status has three digits") }
    }

    private static func check(_ head: MessageHead, _ input: [UInt8]) {
        for fault in head.faults { hold(fault.at.upperBound <= input.count, "a fault lies in the head") }
        var writer = HeadWriter()
        for field in head.fields {
            hold(
                field.name.upperBound <= head.bytes.count && field.value.upperBound <= head.bytes.count,
                "fields lie in the head")
            let before = writer.bytes.count
            let isWritten = writer.field(field, of: head.bytes)
            let line = writer.bytes[before...]
            hold(isWritten ? line.suffix(2) == [0x0D, 0x0A] : line.isEmpty, "a refused field leaves nothing")
            hold(!line.dropLast(2).contains { $0 == 0x0D || $0 == 0x0A || $0 == 0x00 }, "a field is one line")
        }
        let whole = scan(Cuts.whole(input))
        hold(whole == scan(Cuts.pieces(input)), "cuts change where a head ends")
    }

    private static func scan(_ pieces: [[UInt8]]) -> HeadScanner.Progress {
        var scanner = HeadScanner(limit: 2048)
        var progress = HeadScanner.Progress.needMore
        for piece in pieces { progress = scanner.scan(piece.span.bytes) }
        return progress
    }
}
