import WebSocketWire
import Wire

/// Extension values: places lie inside the value, and an element that was read reads back the same.
///
/// The input's first line is offered, the rest answered.
enum ExtensionRules {
    static func run(_ input: [UInt8]) {
        let end = input.firstIndex(of: 0x0A) ?? input.count
        let offered = Array(input[..<end])
        let answered = Array(input[end...].dropFirst())
        let lists = (ExtensionList(offered.span.bytes), ExtensionList(answered.span.bytes))
        for (list, value) in [(lists.0, offered), (lists.1, answered)] {
            for range in list.malformed + list.offers.map(\.range) {
                hold(range.upperBound <= value.count && !range.isEmpty, "an element lies in its value")
            }
            for offer in list.offers {
                let again = ExtensionList(Array(value[offer.range]).span.bytes)
                hold(again.offers.map(\.name) == [offer.name], "an element reads back")
                hold(again.offers.first?.parameters == offer.parameters, "its parameters too")
            }
        }
        let agreement = ExtensionAgreement(offered: lists.0, answered: lists.1)
        if agreement.findings.isEmpty, let deflate = agreement.deflate {
            hold(
                (8...15).contains(deflate.serverMaxWindowBits) && (8...15).contains(deflate.clientMaxWindowBits),
                "windows are sound")
            hold(
                lists.0.offers.contains { $0.name == PermessageDeflate.name },
                "nothing is agreed on that was not offered")
        }
    }
}
