import HTTPWire
import Wire

/// Bodies: the same payload and fault wherever the bytes are cut, and what is forwarded decodes to the same payload.
///
/// First byte of the input: the framing (chunked, until close, none, or a length).
enum BodyRules {
    private struct Decoded: Equatable {
        var payload: [UInt8] = []
        var forwarded: [UInt8] = []
        var fault: BodyFault.Kind?
        var isComplete = false
    }

    static func run(_ input: [UInt8]) {
        guard let options = input.first else { return }
        let framing: BodyFraming =
            switch options {
            case 0x63: .chunked  // "c"
            case 0x75: .untilClose  // "u"
            case 0x6E: .none  // "n"
            default: .contentLength(UInt64(options))
            }
        let bytes = Array(input.dropFirst())
        let whole = decode(Cuts.whole(bytes), framing)
        let cut = decode(Cuts.pieces(bytes), framing)
        hold(whole == cut, "cuts change a body")
        hold(whole.payload.count <= bytes.count, "no more payload than bytes")
        guard whole.fault == nil, whole.isComplete else { return }
        let again = decode(Cuts.whole(whole.forwarded), framing)
        hold(again.fault == nil && again.isComplete, "what is forwarded is a whole body")
        hold(again.payload == whole.payload, "what is forwarded says the same")
        hold(again.forwarded == whole.forwarded, "what is forwarded is canonical")
    }

    private static func decode(_ pieces: [[UInt8]], _ framing: BodyFraming) -> Decoded {
        var decoder = BodyDecoder(framing: framing)
        var forwarder = BodyDecoder(framing: framing)
        var decoded = Decoded()
        // An empty piece asks a body of no bytes for its end.
        for piece in pieces + [[]] {
            var cursor = ByteCursor(piece.span.bytes)
            do throws(BodyFault) {
                while let event = try decoder.next(&cursor) {
                    if case .data(let range) = event { decoded.payload += piece[range] }
                }
            } catch {
                decoded.fault = error.kind
            }
            var second = ByteCursor(piece.span.bytes)
            do throws(BodyFault) {
                while let range = try forwarder.nextForwarded(&second) { decoded.forwarded += piece[range] }
            } catch {
                hold(decoded.fault == error.kind, "both ways of reading meet the same fault")
            }
        }
        if framing == .untilClose { try? decoder.senderFinished() }
        decoded.isComplete = decoder.isComplete
        return decoded
    }
}
