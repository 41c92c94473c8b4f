import HTTPWire
import Wire

extension Evidence.Location {
    /// A range of the request's head.
    static func downstream(_ range: Range<Int>) -> Evidence.Location { of(.downstream, range) }

    /// A range of the response, head and body counted together.
    static func upstream(_ range: Range<Int>) -> Evidence.Location { of(.upstream, range) }

    private static func of(_ side: Side, _ range: Range<Int>) -> Evidence.Location {
        Evidence.Location(side: side, offset: UInt64(clamping: range.lowerBound), length: UInt64(clamping: range.count))
    }
}

extension MessageHead {
    /// The octets of the first line of this name, name and value.
    func firstFieldRange(_ name: FieldName) -> Range<Int>? {
        section.firstIndex(of: name).map {
            fields[$0].name.lowerBound..<max(fields[$0].value.upperBound, fields[$0].name.upperBound)
        }
    }

    /// `Name: value` of the first line of this name, as it came, secrets left out.
    func firstFieldText(_ name: FieldName) -> String? {
        section.firstIndex(of: name).map { Redaction.field(self, $0) }
    }
}
