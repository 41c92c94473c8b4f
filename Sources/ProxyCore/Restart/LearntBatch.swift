// What a process learnt about where sessions belong, as its successor is told. A packet has the bindings of one cluster, as many as fit:
//
//     gatehouse-restart 1 learnt
//     app engine_io
//     00f3a1… 6c765f56493937…          the endpoint by the hash of its URL, and the value that is bound to it, in hexadecimal
//
// The version stands in the offer (`learnt 1`): who offers none has nothing to tell, and who doesn't know the version doesn't ask.

/// Bindings of one cluster, on their way to the next process.
public struct LearntBatch: Sendable, Hashable {
    /// A value that the backend gave out, and the endpoint that it belongs to.
    public struct Binding: Sendable, Hashable {
        public var key: [UInt8]
        public var endpoint: UInt64

        public init(key: [UInt8], endpoint: UInt64) {
            self.key = key
            self.endpoint = endpoint
        }
    }

    /// The version of what is told.
    public static let version = 1
    /// The most bindings that one process tells the next; of more, those that were used last.
    public static let mostBindings = 100_000

    public var cluster: String
    /// The word of the rule by which they were learnt.
    public var rule: String
    public var bindings: [Binding]

    public init(cluster: String, rule: String, bindings: [Binding]) {
        self.cluster = cluster
        self.rule = rule
        self.bindings = bindings
    }

    /// The same in parts of which each fits into a message.
    public var parts: [LearntBatch] {
        let room = RestartMessage.sizeLimit - 64 - cluster.utf8.count - rule.utf8.count
        var parts: [LearntBatch] = []
        var part = LearntBatch(cluster: cluster, rule: rule, bindings: [])
        var size = 0
        for binding in bindings {
            let line = 18 + 2 * binding.key.count
            if size + line > room, !part.bindings.isEmpty {
                parts.append(part)
                part.bindings = []
                size = 0
            }
            part.bindings.append(binding)
            size += line
        }
        if !part.bindings.isEmpty { parts.append(part) }
        return parts
    }

    // MARK: Text

    /// The lines of the message.
    var lines: [String] {
        ["\(cluster) \(rule)"]
            + bindings.map { binding in
                var line: [UInt8] = []
                line.reserveCapacity(17 + 2 * binding.key.count)
                for shift in stride(from: 60, through: 0, by: -4) {
                    line.append(LearntBatch.digit(UInt8(truncatingIfNeeded: binding.endpoint >> UInt64(shift)) & 0xF))
                }
                line.append(0x20)
                for byte in binding.key {
                    line.append(LearntBatch.digit(byte >> 4))
                    line.append(LearntBatch.digit(byte & 0xF))
                }
                return String(decoding: line, as: UTF8.self)
            }
    }

    /// The batch that `lines` spell; else the line that is none.
    static func parse(_ lines: [String]) -> Result<LearntBatch, RestartMessageFault> {
        guard let first = lines.first else { return .failure(.malformed("")) }
        let words = first.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words.allSatisfy({ (1...256).contains($0.utf8.count) }) else { return .failure(fault(first)) }
        var batch = LearntBatch(cluster: String(words[0]), rule: String(words[1]), bindings: [])
        for line in lines.dropFirst() {
            guard let binding = binding(line.utf8) else { return .failure(fault(line)) }
            batch.bindings.append(binding)
        }
        return .success(batch)
    }

    private static func binding(_ line: String.UTF8View) -> Binding? {
        guard line.count >= 19, line.count % 2 == 1, line.count <= 17 + 2 * AffinityLimit.value else { return nil }
        var endpoint: UInt64 = 0
        var key: [UInt8] = []
        var high: UInt8?
        for (place, byte) in line.enumerated() {
            if place == 16 {
                guard byte == 0x20 else { return nil }
                continue
            }
            guard let value = value(byte) else { return nil }
            if place < 16 {
                endpoint = endpoint << 4 | UInt64(value)
            } else if let first = high {
                key.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return Binding(key: key, endpoint: endpoint)
    }

    private static func fault(_ line: String) -> RestartMessageFault { .malformed(String(line.prefix(80))) }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }
}
