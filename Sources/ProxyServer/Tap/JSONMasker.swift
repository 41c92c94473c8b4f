import ProxyCore

/// Replaces values of a JSON text at their place: a text's characters by `*`, a number's digits by zeros behind a one, `true` and `false` by `null`.
struct JSONMasker {
    private var bytes: [UInt8]
    private var position = 0
    private let paths: [MaskPath]

    private static let deepest = 64

    /// Masks what the paths lead to; false, and nothing changed, if `text` is no JSON or has a name with an escape.
    static func mask(_ text: inout [UInt8], _ paths: [MaskPath]) -> Bool {
        var masker = JSONMasker(bytes: text, paths: paths)
        let all = paths.indices.map { State(path: $0, step: 0) }
        guard masker.value(all, isMasked: false, depth: 0) else { return false }
        masker.skipBlanks()
        guard masker.position == text.count else { return false }
        text = masker.bytes
        return true
    }

    /// How far along a path.
    private struct State {
        var path: Int
        var step: Int
    }

    private init(bytes: [UInt8], paths: [MaskPath]) {
        self.bytes = bytes
        self.paths = paths
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func value(_ states: [State], isMasked: Bool, depth: Int) -> Bool {
        guard depth < JSONMasker.deepest else { return false }
        skipBlanks()
        let isMasked = isMasked || states.contains { $0.step == paths[$0.path].steps.count }
        switch next {
        case 0x7B: return object(states, isMasked, depth)
        case 0x5B: return array(states, isMasked, depth)
        case 0x22: return string(isMasked: isMasked) != nil
        case 0x74: return word([0x74, 0x72, 0x75, 0x65], isMasked)
        case 0x66: return word([0x66, 0x61, 0x6C, 0x73, 0x65], isMasked)
        case 0x6E: return word([0x6E, 0x75, 0x6C, 0x6C], false)
        default: return number(isMasked)
        }
    }

    private mutating func object(_ states: [State], _ isMasked: Bool, _ depth: Int) -> Bool {
        position += 1
        skipBlanks()
        if next == 0x7D {
            position += 1
            return true
        }
        while true {
            skipBlanks()
            guard next == 0x22, let name = string(isMasked: false) else { return false }
            // `p\u0061ssword` is `password` to whoever reads the text: a name that isn't spelt as it is can't be held against a path.
            guard !bytes[name].contains(0x5C) else { return false }
            skipBlanks()
            guard next == 0x3A else { return false }
            position += 1
            let key = bytes[name]
            let inside = advance(states) { step in
                switch step {
                case .key(let wanted): (key.elementsEqual(wanted), false)
                case .anywhere(let wanted): (key.elementsEqual(wanted), true)
                case .all: (true, false)
                case .index: (false, false)
                }
            }
            guard value(inside, isMasked: isMasked, depth: depth + 1) else { return false }
            guard let goesOn = separator(0x7D) else { return false }
            if !goesOn { return true }
        }
    }

    private mutating func array(_ states: [State], _ isMasked: Bool, _ depth: Int) -> Bool {
        position += 1
        skipBlanks()
        if next == 0x5D {
            position += 1
            return true
        }
        var index = 0
        while true {
            let inside = advance(states) { step in
                switch step {
                case .index(let wanted): (wanted == index, false)
                case .anywhere: (false, true)
                case .all: (true, false)
                case .key: (false, false)
                }
            }
            guard value(inside, isMasked: isMasked, depth: depth + 1) else { return false }
            guard let goesOn = separator(0x5D) else { return false }
            if !goesOn { return true }
            index += 1
        }
    }

    /// Where the paths stand one level further in; `judge`: whether a step is taken, and whether the place before it stays as well.
    private func advance(_ states: [State], _ judge: (MaskPath.Step) -> (Bool, Bool)) -> [State] {
        var result: [State] = []
        for state in states where state.step < paths[state.path].steps.count {
            let (isTaken, stays) = judge(paths[state.path].steps[state.step])
            if isTaken { result.append(State(path: state.path, step: state.step + 1)) }
            if stays { result.append(state) }
        }
        return result
    }

    /// Whether a comma follows; nil if neither that nor the end does.
    private mutating func separator(_ end: UInt8) -> Bool? {
        skipBlanks()
        defer { position += 1 }
        return next == 0x2C ? true : next == end ? false : nil
    }

    /// The range between the quotes.
    private mutating func string(isMasked: Bool) -> Range<Int>? {
        position += 1
        let start = position
        while let byte = next, byte != 0x22 {
            guard byte >= 0x20 else { return nil }
            position += byte == 0x5C ? 2 : 1
        }
        guard position < bytes.count else { return nil }
        let range = start..<position
        position += 1
        if isMasked { for place in range { bytes[place] = 0x2A } }
        return range
    }

    private mutating func word(_ word: [UInt8], _ isMasked: Bool) -> Bool {
        guard bytes[position...].starts(with: word) else { return false }
        if isMasked {
            for (offset, byte) in [UInt8]([0x6E, 0x75, 0x6C, 0x6C, 0x20]).prefix(word.count).enumerated() {
                bytes[position + offset] = byte
            }
        }
        position += word.count
        return true
    }

    private mutating func number(_ isMasked: Bool) -> Bool {
        let start = position
        var digits = 0
        while let byte = next, (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte) {
            if (0x30...0x39).contains(byte) {
                if isMasked { bytes[position] = digits == 0 ? 0x31 : 0x30 }
                digits += 1
            }
            position += 1
        }
        return digits > 0 && position > start
    }
}
