public import Diagnosis
public import HTTPWire

/// Makes the secrets of one request unreadable in its answer: an error page that quotes the token it refused must not carry it into
/// the ledger, the casebook or a ticket.
///
/// In a request a secret is known by its place. In an answer it is known only by its octets, so they are looked for: as they were sent, and
/// with their percent-encoding taken off. What is found is covered as captures cover it (`HeadMask`), every octet at its offset, so that
/// quotations keep their places and the same secret its fingerprint. It runs before anything reads the answer.
public struct EchoMask {
    /// Shorter ones stand in many a word: a cookie `lang=html` must not blind the reading of every page.
    static let shortest = 8
    /// How many are looked for; further ones cost more than a head with so many is worth.
    static let most = 128

    private struct Secret {
        let octets: [UInt8]
        let fingerprint: UInt32
    }

    private var secrets: [Secret] = []
    /// One bit for each octet with which a secret begins.
    private var beginnings = SIMD4<UInt64>.zero

    /// The secrets of `request`, found by the ledger's own rules.
    public init(_ request: RequestHead, _ mask: inout HeadMask, _ redaction: LogRedaction) {
        request.bytes.withUnsafeBufferPointer { head in
            for secret in mask.secrets(in: head, redaction) where secrets.count < EchoMask.most {
                let fingerprint = redaction.fingerprint(secret)
                add(Array(secret), fingerprint)
                if let decoded = EchoMask.decoded(secret) { add(decoded, fingerprint) }
            }
        }
        // Longest first, so that nothing of a longer one is left beside a shorter one.
        secrets.sort { $0.octets.count > $1.octets.count }
    }

    public var isEmpty: Bool { secrets.isEmpty }

    /// Covers what the answer repeats; whether it repeated anything.
    @discardableResult
    public func conceal(_ observation: HandshakeObservation) -> Bool {
        guard !secrets.isEmpty else { return false }
        return observation.rewriteAnswer { cover(&$0) }
    }

    /// Covers every secret in `octets`; whether there was one.
    func cover(_ octets: inout [UInt8]) -> Bool {
        guard let least = secrets.last?.octets.count, octets.count >= least else { return false }
        var found = false
        var position = 0
        octets.withUnsafeMutableBytes { octets in
            while position + least <= octets.count {
                let octet = octets[position]
                guard beginnings[Int(octet >> 6)] >> UInt64(octet & 63) & 1 == 1,
                    let secret = secrets.first(where: { EchoMask.stands($0.octets, at: position, in: octets) }),
                    let base = octets.baseAddress
                else {
                    position += 1
                    continue
                }
                HeadMask.cover(base + position, secret.octets.count, secret.fingerprint)
                position += secret.octets.count
                found = true
            }
        }
        return found
    }

    private static func stands(_ secret: [UInt8], at position: Int, in octets: UnsafeMutableRawBufferPointer) -> Bool {
        position + secret.count <= octets.count && octets[position..<position + secret.count].elementsEqual(secret)
    }

    private mutating func add(_ octets: [UInt8], _ fingerprint: UInt32) {
        guard octets.count >= EchoMask.shortest, let first = octets.first else { return }
        secrets.append(Secret(octets: octets, fingerprint: fingerprint))
        beginnings[Int(first >> 6)] |= 1 << UInt64(first & 63)
    }

    /// Without percent-encoding; nil where there is none.
    private static func decoded(_ secret: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        secret.contains(0x25) ? PercentEncoding.decoded(secret, keepsMalformed: true) : nil
    }
}
