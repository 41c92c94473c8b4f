/// Where in a JSON text something is to be masked: `$.user.name`, `$.items[*].text`, `$..token` (at any depth).
public struct MaskPath: Sendable, Hashable, CustomStringConvertible {
    public enum Step: Sendable, Hashable {
        case key([UInt8])
        case index(Int)
        /// Every element, or every member.
        case all
        /// A member of that name at any depth.
        case anywhere([UInt8])
    }

    public let steps: [Step]
    public let description: String

    /// Reads a path; nil if it is none.
    public init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard rest.popFirst() == 0x24, !rest.isEmpty, text.utf8.count <= 200 else { return nil }
        var steps: [Step] = []
        while let first = rest.popFirst() {
            if first == 0x5B {
                guard let end = rest.firstIndex(of: 0x5D) else { return nil }
                let inside = rest[..<end]
                rest = rest[(end + 1)...]
                if inside.elementsEqual([0x2A]) {
                    steps.append(.all)
                } else if let index = Int(String(decoding: inside, as: UTF8.self)), index >= 0 {
                    steps.append(.index(index))
                } else {
                    return nil
                }
                continue
            }
            guard first == 0x2E else { return nil }
            let isAnywhere = rest.first == 0x2E
            if isAnywhere { rest.removeFirst() }
            let name = rest.prefix { $0 != 0x2E && $0 != 0x5B }
            guard !name.isEmpty else { return nil }
            rest = rest[name.endIndex...]
            steps.append(isAnywhere ? .anywhere(Array(name)) : name.elementsEqual([0x2A]) ? .all : .key(Array(name)))
        }
        self.steps = steps
        description = text
    }
}
