import HTTPWire

/// A path with named parts: `/conversations/{id}/ws`. Each part is one segment; `/*` at the end stands for whatever follows.
public struct PathTemplate: Sendable, Hashable, CustomStringConvertible {
    private enum Segment: Sendable, Hashable {
        case literal([UInt8])
        case part([UInt8])
    }

    private let segments: [Segment]
    private let isOpen: Bool
    public let description: String
    /// The names of the parts.
    public let names: [[UInt8]]

    /// The template that `text` spells; nil unless it begins with `/`, has no empty segment, and names each part once.
    public init?(_ text: String) {
        guard text.utf8.first == 0x2F,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x3F && $0 != 0x23 && $0 != 0x25 })
        else { return nil }
        var parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        isOpen = parts.last == "*"
        if isOpen { parts.removeLast() }
        var segments: [Segment] = []
        var names: [[UInt8]] = []
        for (index, part) in parts.enumerated() {
            if part.isEmpty, index < parts.count - 1 || isOpen { return nil }
            if part.first == "{" {
                let name = Array(part.dropFirst().dropLast().utf8)
                guard part.last == "}", !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isDigit || $0 == 0x5F || $0 == 0x2D }),
                    !names.contains(name)
                else { return nil }
                names.append(name)
                segments.append(.part(name))
            } else {
                guard !part.contains("{"), !part.contains("}"), !part.contains("*") else { return nil }
                segments.append(.literal(Array(part.utf8)))
            }
        }
        self.segments = segments
        self.names = names
        description = text
    }

    /// The named parts of a canonical path, decoded; nil if the path is of another shape.
    public func match(_ path: [UInt8]) -> [(name: [UInt8], value: [UInt8])]? {
        guard path.first == 0x2F else { return nil }
        let found = path.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false)
        guard isOpen ? found.count > segments.count : found.count == segments.count else { return nil }
        var parts: [(name: [UInt8], value: [UInt8])] = []
        for (segment, text) in zip(segments, found) {
            switch segment {
            case .literal(let wanted): guard text.elementsEqual(wanted) else { return nil }
            case .part(let name):
                // A `;x` behind it is cut off by some servers and by others not: then there is no telling what the part is.
                // So with an escaped slash, which some undo before they part the path.
                guard !text.isEmpty, !text.contains(0x3B), let value = PercentEncoding.decoded(text),
                    !value.contains(0x2F)
                else { return nil }
                parts.append((name, value))
            }
        }
        return parts
    }
}
