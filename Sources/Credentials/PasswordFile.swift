import CCrypt
import Glibc

/// Users and their passwords, as `htpasswd -B` writes them: bcrypt and nothing weaker.
///
/// A check takes as long as the file's cost says, tens of milliseconds, so it is never made on a loop.
public struct PasswordFile: Sendable {
    /// By the octets of the name: two spellings that Unicode takes for one text are two users.
    private let entries: [[UInt8]: String]
    /// What an unknown user's password is held against, so that the time doesn't tell who exists.
    private let decoy: String

    /// Reads the lines `user:hash`; `#` begins a comment.
    public init(reading bytes: [UInt8]) throws(KeySetError) {
        guard bytes.count <= 8 << 20 else { throw KeySetError(observed: "more than 8 MiB", expected: "lines of user:hash") }
        var entries: [[UInt8]: String] = [:]
        var decoy: String?
        for (index, line) in bytes.split(separator: 0x0A).enumerated() {
            let text = line.last == 0x0D ? line.dropLast() : line
            if text.first == 0x23 || text.allSatisfy({ $0 == 0x20 }) { continue }
            guard let colon = text.firstIndex(of: 0x3A), colon > text.startIndex else {
                throw KeySetError(observed: "line \(index + 1) without user and colon", expected: "user:hash")
            }
            let hash = String(decoding: text[(colon + 1)...], as: UTF8.self)
            guard let cost = PasswordFile.cost(hash) else {
                throw KeySetError(
                    observed: "line \(index + 1) with a hash that is not bcrypt", expected: "$2y$…; make it with: htpasswd -B")
            }
            guard (4...15).contains(cost) else {
                throw KeySetError(observed: "line \(index + 1) with bcrypt of cost \(cost)", expected: "a cost from 4 to 15")
            }
            guard entries.updateValue(hash, forKey: Array(text[..<colon])) == nil else {
                throw KeySetError(observed: "line \(index + 1) with a user for the second time", expected: "each user once")
            }
            decoy = decoy ?? hash
        }
        guard let decoy else {
            throw KeySetError(observed: "no user", expected: "lines of user:hash; make one with: htpasswd -nB USER")
        }
        self.entries = entries
        self.decoy = decoy
    }

    /// Whether `password` is `user`'s. Slow on purpose.
    public func holds(user: [UInt8], password: [UInt8]) -> Bool {
        // bcrypt reads 72 octets and stops at a zero: what is behind either would not be checked.
        guard password.count <= 72, !password.contains(0), !user.contains(0) else { return false }
        let known = entries[user]
        guard let made = PasswordFile.bcrypt(password, setting: known ?? decoy) else { return false }
        return Hashing.areEqual(made, Array((known ?? "").utf8))
    }

    /// The cost of a bcrypt hash; nil if it is none.
    private static func cost(_ hash: String) -> Int? {
        let octets = Array(hash.utf8)
        guard octets.count == 60, hash.hasPrefix("$2a$") || hash.hasPrefix("$2b$") || hash.hasPrefix("$2y$"), octets[6] == 0x24
        else {
            return nil
        }
        return Int(String(decoding: octets[4..<6], as: UTF8.self))
    }

    private static func bcrypt(_ password: [UInt8], setting: String) -> [UInt8]? {
        var data: UnsafeMutableRawPointer?
        var size: Int32 = 0
        defer {
            if let data {
                // The block holds the password.
                data.initializeMemory(as: UInt8.self, repeating: 0, count: Int(size))
                free(data)
            }
        }
        let phrase = password.map { CChar(bitPattern: $0) } + [0]
        guard let made = crypt_ra(phrase, setting, &data, &size) else { return nil }
        return Array(String(cString: made).utf8)
    }
}
