import COpenSSL
import ProxyCore

/// Signs affinity cookies with HMAC-SHA256, and says whether one was signed by a key that it has.
///
/// The first key signs, all are accepted: a new one is put in front, and the old one is removed once the last cookie that it signed
/// is stale. Immutable.
public final class AffinitySigner: Sendable {
    /// What came of checking a code.
    public enum Verdict: Sendable, Hashable {
        case forged
        /// Good, and by the key that signs now.
        case current
        /// Good, by an older key.
        case outdated
    }

    /// Nil in the place of a key that OpenSSL refuses: it signs nothing, and nothing is signed by it.
    private let keys: [HMACKey?]

    public init(keys: [[UInt8]]) { self.keys = keys.map { HMACKey(.hs256, $0) } }

    /// A key that was drawn when it was first asked for: no other process has it, and it is gone with this one.
    public static let ofProcess: AffinitySigner = {
        var key = [UInt8](repeating: 0, count: 32)
        let filled = RAND_bytes(&key, 32)
        precondition(filled == 1, "AffinitySigner: the system gives no random bytes; nothing safe can be signed")
        return AffinitySigner(keys: [key])
    }()

    /// The code of `octets`; nil if OpenSSL refuses, and then nothing is signed.
    public func sign(_ octets: [UInt8]) -> [UInt8]? {
        keys.first.flatMap { $0?.code(of: octets) }
    }

    /// Whether `code` is one of `octets`. Every key is tried, so that the time doesn't tell which one it was.
    public func verify(_ octets: [UInt8], _ code: [UInt8]) -> Verdict {
        var verdict = Verdict.forged
        for (index, key) in keys.enumerated() {
            guard let expected = key?.code(of: octets), Hashing.areEqual(expected, code) else { continue }
            verdict = index == 0 ? .current : .outdated
        }
        return verdict
    }
}
