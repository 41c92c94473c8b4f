import WebSocketWire
import Wire

/// Enforcement: what goes on is a prefix, the fault is the same wherever the bytes are cut, and what went on is sound.
///
/// First byte of the input: bit 0 is the direction, bits 1–2 choose the extension (none, permessage-deflate with and
/// without context takeover, an unknown one).
enum ValidatorRules {
    private struct Passed {
        var bytes: [UInt8] = []
        var fault: LocatedFault?
        var isClosed = false
        var endsAtFrameBoundary = true
    }

    static func run(_ input: [UInt8]) {
        guard let options = input.first else { return }
        let direction: Direction = options & 1 == 0 ? .clientToServer : .serverToClient
        let agreement = agreement(options >> 1 & 0b11)
        let bytes = Array(input.dropFirst())
        let whole = pass(Cuts.whole(bytes), direction, agreement)
        let cut = pass(Cuts.pieces(bytes), direction, agreement)
        for passed in [whole, cut] {
            hold(bytes.starts(with: passed.bytes), "what goes on is a prefix of what came")
            if let fault = passed.fault { hold(fault.offset < UInt64(bytes.count), "a fault lies inside the bytes") }
        }
        hold(whole.fault == cut.fault, "cuts change the fault")
        hold(whole.isClosed == cut.isClosed, "cuts change the close")
        hold(cut.bytes.starts(with: whole.bytes) || whole.fault == nil, "a whole buffer lets the least go on")
        // What went on up to a frame's end has no fault of its own.
        let again = pass(Cuts.whole(whole.bytes), direction, agreement)
        hold(again.fault == nil, "what went on is sound")
        if whole.endsAtFrameBoundary { hold(again.endsAtFrameBoundary, "a boundary is one") }
        observe(Cuts.pieces(bytes), direction, agreement)
    }

    private static func agreement(_ choice: UInt8) -> ExtensionAgreement {
        let text =
            switch choice {
            case 0: ""
            case 1: "permessage-deflate"
            case 2:
                "permessage-deflate; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=9"
            default: "x-unknown"
            }
        let list = ExtensionList(Array(text.utf8).span.bytes)
        return ExtensionAgreement(offered: list, answered: list)
    }

    private static func pass(
        _ pieces: [[UInt8]], _ direction: Direction, _ agreement: ExtensionAgreement
    ) -> Passed {
        let limits = MessageLimits(size: 4096, fragments: 20, inflation: .init(ratio: 50, ratioFloor: 1024))
        var validator = MessageValidator(direction: direction, agreement: agreement, limits: limits)
        var passed = Passed()
        for piece in pieces {
            let judgement = validator.judge(piece.span.bytes)
            hold(judgement.owed.count <= 139, "little is held back")
            passed.bytes += judgement.owed + piece[..<judgement.forwardable]
            passed.fault = judgement.fault
            passed.isClosed = judgement.isClosed
            passed.endsAtFrameBoundary = judgement.endsAtFrameBoundary
        }
        return passed
    }

    private static func observe(_ pieces: [[UInt8]], _ direction: Direction, _ agreement: ExtensionAgreement) {
        var observer = MessageObserver(direction: direction, agreement: agreement, excerptLength: 32)
        for piece in pieces {
            observer.observe(piece.span.bytes) { hold($0.excerpt.count <= 32, "an excerpt is bounded") }
        }
    }
}
