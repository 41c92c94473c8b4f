/// One line of a ledger, by the places of its members: read without building anything, so that long ledgers are gone through quickly.
struct LedgerLine {
    let bytes: [UInt8]
    /// The members of the outermost object: name, and where the value lies.
    let members: [(name: String, value: Range<Int>)]

    /// Reads a line; nil if it isn't an object. What is inside the values isn't looked at.
    init?(_ bytes: [UInt8]) {
        guard bytes.first == 0x7B, bytes.last == 0x7D else { return nil }
        var members: [(String, Range<Int>)] = []
        var position = 1
        while position < bytes.count - 1 {
            if bytes[position] == 0x2C { position += 1 }
            guard let key = LedgerLine.string(bytes, position), key.upperBound < bytes.count, bytes[key.upperBound] == 0x3A else {
                return nil
            }
            let start = key.upperBound + 1
            guard let end = LedgerLine.end(bytes, start) else { return nil }
            members.append((String(decoding: bytes[key.lowerBound + 1..<key.upperBound - 1], as: UTF8.self), start..<end))
            position = end
        }
        self.bytes = bytes
        self.members = members
    }

    /// The raw JSON of a member.
    func raw(_ name: String) -> ArraySlice<UInt8>? { members.first { $0.name == name }.map { bytes[$0.value] } }

    /// A member that is a string, as it stands between its quotes.
    func text(_ name: String) -> String? {
        guard let raw = raw(name), raw.first == 0x22, raw.count >= 2 else { return nil }
        return String(decoding: raw.dropFirst().dropLast(), as: UTF8.self)
    }

    /// The line without a member.
    func without(_ name: String) -> [UInt8] {
        guard let index = members.firstIndex(where: { $0.name == name }) else { return bytes }
        // The comma before it goes as well, or for the first member the one behind.
        let end = members[index].value.upperBound
        let start = members[index].value.lowerBound - name.utf8.count - 3
        if index > 0 { return Array(bytes[..<(start - 1)] + bytes[end...]) }
        return Array(bytes[..<start] + bytes[(end + (members.count > 1 ? 1 : 0))...])
    }

    /// The string that begins at `start`, with its quotes.
    private static func string(_ bytes: [UInt8], _ start: Int) -> Range<Int>? {
        guard start < bytes.count, bytes[start] == 0x22 else { return nil }
        var position = start + 1
        while position < bytes.count {
            if bytes[position] == 0x22 { return start..<position + 1 }
            position += bytes[position] == 0x5C ? 2 : 1
        }
        return nil
    }

    /// Where the value that begins at `start` ends: at a comma or brace of the outermost object.
    private static func end(_ bytes: [UInt8], _ start: Int) -> Int? {
        var depth = 0
        var position = start
        while position < bytes.count {
            switch bytes[position] {
            case 0x22:
                guard let text = string(bytes, position) else { return nil }
                position = text.upperBound
                continue
            case 0x7B, 0x5B: depth += 1
            case 0x7D, 0x5D:
                if depth == 0 { return position }
                depth -= 1
            case 0x2C where depth == 0: return position
            default: break
            }
            position += 1
        }
        return nil
    }
}
