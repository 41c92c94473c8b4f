import Wire

/// The field lines of a head, in their order, over the head's raw octets.
///
/// The two arrays are the only heap blocks. Fields that Gatehouse knows are marked in a set of bits, so that asking
/// for one that isn't there costs one test.
public struct FieldSection: Sendable {
    /// All octets of the head, start line included.
    public let bytes: [UInt8]
    /// The lines that have a name, in the order of arrival.
    public let fields: [FieldLine]
    /// The bits of the known fields that occur.
    public let present: UInt64

    init(bytes: [UInt8], fields: [FieldLine], present: UInt64) {
        self.bytes = bytes
        self.fields = fields
        self.present = present
    }

    /// Whether a field of this name occurs.
    @inlinable public func has(_ name: FieldName) -> Bool { firstIndex(of: name) != nil }

    /// Whether a known field occurs: one test of a bit.
    @inlinable public func has(_ known: KnownField) -> Bool { present & known.bit != 0 }

    /// The index of the first line of this name.
    @inlinable public func firstIndex(of name: FieldName) -> Int? { index(of: name, from: 0) }

    /// The index of the first line of this name at or after `start`.
    @inlinable public func index(of name: FieldName, from start: Int) -> Int? {
        if name.known != .other, present & name.known.bit == 0 { return nil }
        var index = max(start, 0)
        while index < fields.count {
            if fields[index].known == name.known, name.known != .other || name.matches(bytes, fields[index].name) {
                return index
            }
            index += 1
        }
        return nil
    }

    /// The value of the first line of this name.
    @inlinable public func value(of name: FieldName) -> Range<Int>? {
        firstIndex(of: name).map { fields[$0].value }
    }

    /// The indices of all lines of this name.
    public func indices(of name: FieldName) -> [Int] {
        var indices: [Int] = []
        var from = 0
        while let index = index(of: name, from: from) {
            indices.append(index)
            from = index + 1
        }
        return indices
    }

    /// The values of all lines of this name.
    public func values(of name: FieldName) -> [Range<Int>] { indices(of: name).map { fields[$0].value } }

    /// How many lines have this name.
    public func count(of name: FieldName) -> Int {
        var count = 0
        var from = 0
        while let index = index(of: name, from: from) {
            count += 1
            from = index + 1
        }
        return count
    }

    /// Whether `token` is an element of the comma list that the field's lines form together (RFC 9110 §5.6.1), in
    /// any case of letters. Commas inside quoted strings do not part elements.
    public func contains(token: StaticString, in name: FieldName) -> Bool {
        var from = 0
        while let index = index(of: name, from: from) {
            // Nearly every such list has one element.
            if bytes.matches(token, at: fields[index].value) { return true }
            var elements = ListElements(fields[index].value)
            while let element = elements.next(in: bytes) {
                if bytes.matches(token, at: element) { return true }
            }
            from = index + 1
        }
        return false
    }

    /// The elements of the comma list that the field's lines form together, empty ones left out.
    public func elements(of name: FieldName) -> [Range<Int>] {
        var all: [Range<Int>] = []
        for value in values(of: name) {
            var elements = ListElements(value)
            while let element = elements.next(in: bytes) { all.append(element) }
        }
        return all
    }

    /// The octets of `range` as printable text: what isn't printable ASCII is written as `\xHH`, a backslash twice.
    public func text(_ range: Range<Int>, limit: Int = .max) -> String { bytes.printable(range, limit: limit) }
}
