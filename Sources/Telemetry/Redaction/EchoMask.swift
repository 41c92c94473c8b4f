public import Diagnosis
public import HTTPWire

/// Makes the secrets of one request unreadable in its answer, before anything reads it.
///
/// They are looked for as everywhere (`EchoedSecrets`). What is of the ledger: which octets are secret, by its own rules and the operator's
/// names, and that they are covered as captures cover them (`HeadMask`), every octet at its offset, so that quotations keep their places
/// and the same secret its fingerprint.
public struct EchoMask {
    /// Shorter ones stand in many a word: a cookie `lang=html` must not blind the reading of every page.
    private static let shortest = 8
    private static let most = 128

    private var secrets = EchoedSecrets(shortest: EchoMask.shortest, most: EchoMask.most)

    /// The secrets of `request`, found by the ledger's own rules.
    public init(_ request: RequestHead, _ mask: inout HeadMask, _ redaction: LogRedaction) {
        request.bytes.withUnsafeBufferPointer { head in
            for secret in mask.secrets(in: head, redaction) where !secrets.isFull {
                secrets.add(Array(secret), label: redaction.fingerprint(secret))
            }
        }
    }

    /// Whether the request has none.
    public var isEmpty: Bool { secrets.isEmpty }

    /// Covers what the answer repeats; whether it repeated anything.
    @discardableResult
    public func conceal(_ observation: HandshakeObservation) -> Bool {
        guard !secrets.isEmpty else { return false }
        return observation.rewriteAnswer { cover(&$0) }
    }

    /// Covers every secret in `octets`; whether there was one.
    func cover(_ octets: inout [UInt8]) -> Bool {
        let echoes = secrets.echoes(in: octets)
        octets.withUnsafeMutableBytes { octets in
            guard let base = octets.baseAddress else { return }
            for echo in echoes { HeadMask.cover(base + echo.range.lowerBound, echo.range.count, echo.label) }
        }
        return !echoes.isEmpty
    }
}
