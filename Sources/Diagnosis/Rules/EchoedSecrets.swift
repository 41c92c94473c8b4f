import HTTPWire

/// The secrets of one request, looked for in what answers it: an error page that quotes the token it refused must not carry it into a
/// verdict, a ledger or a ticket.
///
/// In a request a secret is known by its place. In an answer it is known only by its octets, so they are looked for: as they were sent, and
/// with their percent-encoding taken off. All who hide such echoes do it by this search. They differ in what they put in the place of one (a mark
/// here, a fingerprint in Telemetry's `EchoMask`), and in who says which octets are secret.
public struct EchoedSecrets: Sendable {
    /// A stretch of a text that repeats a secret.
    public struct Echo: Sendable, Hashable {
        /// What has to be covered; of echoes that overlap, all of them together.
        public fileprivate(set) var range: Range<Int>
        /// The label of the secret with which it begins.
        public let label: UInt32
    }

    private struct Secret: Sendable {
        let octets: [UInt8]
        let label: UInt32
    }

    /// Longest first, so that nothing of a longer one is left beside a shorter one that begins alike.
    private var secrets: [Secret] = []
    /// One bit for each octet with which a secret begins.
    private var beginnings = SIMD4<UInt64>.zero
    private let shortest: Int
    private let most: Int

    /// Looks for nothing yet.
    ///
    /// - Parameters:
    ///   - shortest: Secrets with fewer octets are passed by: they stand in many a word.
    ///   - most: How many are looked for; further ones cost more than a head with so many is worth.
    public init(shortest: Int, most: Int) {
        self.shortest = shortest
        self.most = most
    }

    /// Whether no further secret is taken.
    public var isFull: Bool { secrets.count >= most }

    /// Whether there is nothing to look for.
    public var isEmpty: Bool { secrets.isEmpty }

    /// Looks for `octets` from now on, and for what they are without percent-encoding.
    ///
    /// - Parameter label: What each echo of it is given back with.
    public mutating func add(_ octets: [UInt8], label: UInt32 = 0) {
        insert(octets, label)
        guard octets.contains(0x25), let decoded = PercentEncoding.decoded(octets, keepsMalformed: true) else { return }
        insert(decoded, label)
    }

    private mutating func insert(_ octets: [UInt8], _ label: UInt32) {
        guard octets.count >= shortest, !isFull, let first = octets.first, !secrets.contains(where: { $0.octets == octets }) else {
            return
        }
        let place = secrets.firstIndex { $0.octets.count < octets.count } ?? secrets.count
        secrets.insert(Secret(octets: octets, label: label), at: place)
        beginnings[Int(first >> 6)] |= 1 << UInt64(first & 63)
    }

    /// Where `text` repeats a secret, from its front to its end.
    public func echoes(in text: [UInt8]) -> [Echo] {
        guard let least = secrets.last?.octets.count, text.count >= least else { return [] }
        var found: [Echo] = []
        for start in 0...(text.count - least) {
            let octet = text[start]
            guard beginnings[Int(octet >> 6)] >> UInt64(octet & 63) & 1 == 1,
                let secret = secrets.first(where: { EchoedSecrets.stands($0.octets, at: start, in: text) })
            else { continue }
            let end = start + secret.octets.count
            if let last = found.last, start < last.range.upperBound {
                // Of two that overlap neither may show its rest.
                found[found.count - 1].range = last.range.lowerBound..<max(end, last.range.upperBound)
            } else {
                found.append(Echo(range: start..<end, label: secret.label))
            }
        }
        return found
    }

    private static func stands(_ secret: [UInt8], at start: Int, in text: [UInt8]) -> Bool {
        start + secret.count <= text.count && text[start..<start + secret.count].elementsEqual(secret)
    }

    /// `text` with a mark in place of every echo.
    public func masked(_ text: [UInt8]) -> [UInt8] {
        let found = echoes(in: text)
        guard !found.isEmpty else { return text }
        var shown: [UInt8] = []
        shown.reserveCapacity(text.count)
        var clean = 0
        for echo in found {
            shown += text[clean..<echo.range.lowerBound]
            shown += EchoedSecrets.mark
            clean = echo.range.upperBound
        }
        return shown + text[clean...]
    }

    /// `text` with a mark in place of every echo.
    public func callAsFunction(_ text: String) -> String {
        guard !secrets.isEmpty else { return text }
        let octets = Array(text.utf8)
        let shown = masked(octets)
        return shown == octets ? text : String(decoding: shown, as: UTF8.self)
    }

    private static let mark = Array(Redaction.mark.utf8)
}
