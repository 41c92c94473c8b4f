import WebSocketWire
import Wire

/// Inflating: the same output and fault wherever the bytes are cut, and never more than the limits allow.
///
/// First byte of the input: bit 0 is context takeover, bits 1–3 the window. Then messages, each behind a byte with
/// its length; the last one may be longer than its byte says.
enum DeflateRules {
    private struct Inflated: Equatable {
        var plain: [[UInt8]] = []
        var fault: FrameFault?
    }

    static func run(_ input: [UInt8]) {
        guard let options = input.first else { return }
        let messages = split(Array(input.dropFirst()))
        let whole = inflate(messages.map(Cuts.whole), options)
        let cut = inflate(messages.map(Cuts.pieces), options)
        hold(
            whole.fault == cut.fault,
            "cuts change the fault: \(String(describing: whole.fault)), \(String(describing: cut.fault))")
        if whole.fault == nil { hold(whole == cut, "cuts change the output") }
    }

    private static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        var messages: [[UInt8]] = []
        var rest = bytes[...]
        while let length = rest.popFirst() {
            if messages.count == 7 {
                messages.append(Array(rest))
                break
            }
            messages.append(Array(rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
        return messages
    }

    private static func inflate(_ messages: [[[UInt8]]], _ options: UInt8) -> Inflated {
        let limits = Inflater.Limits(size: 64 << 10, ratio: 100, ratioFloor: 10_000)
        let inflater = Inflater(
            windowBits: 8 + options >> 1 & 0b111, takesOverContext: options & 1 == 1, limits: limits)
        var inflated = Inflated()
        do throws(FrameFault) {
            for message in messages {
                var plain: [UInt8] = []
                for piece in message { try inflater.inflate(piece.span.bytes) { plain += $0.copied() } }
                try inflater.endMessage { plain += $0.copied() }
                hold(plain.count <= 64 << 10, "a message is bounded")
                inflated.plain.append(plain)
            }
        } catch {
            inflated.fault = error
            hold(!inflater.holdsState, "a broken inflater holds nothing")
        }
        return inflated
    }
}
