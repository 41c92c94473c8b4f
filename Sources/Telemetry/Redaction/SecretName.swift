import Diagnosis
import HTTPWire

/// Which names say that their value is a secret: those of `SecretNames`, those that the operator named, and the fields that have a form of
/// their own.
///
/// Names are compared percent-decoded (also twice: a target inside a target), so that `tok%65n` is what it is to the server.
enum SecretName {
    /// What a field's name says about its value.
    enum FieldKind {
        case plain, target, secret, credentials, cookie, setCookie, subprotocols
    }

    /// Attributes of Set-Cookie (RFC 6265 §4.1, 6265bis).
    private static let cookieAttributes: [[UInt8]] = list(
        "expires", "maxage", "domain", "path", "secure", "httponly", "samesite", "partitioned", "priority")

    private static func list(_ names: StaticString...) -> [[UInt8]] { names.map { bytes($0) } }

    private static func bytes(_ name: StaticString) -> [UInt8] {
        [UInt8](UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// The form in which names are compared.
    static func normalised(_ name: String) -> [UInt8] {
        name.utf8.map(\.lowercased).filter { !SecretNames.isSeparator($0) }
    }

    // MARK: Fields

    static func field(_ name: UnsafeBufferPointer<UInt8>, operators: [[UInt8]]) -> FieldKind {
        guard let last = name.last?.lowercased else { return .plain }
        switch (name.count, last) {
        case (6, 0x65) where equals(name, "cookie"), (7, 0x32) where equals(name, "cookie2"): return .cookie
        case (10, 0x65) where equals(name, "set-cookie"): return .setCookie
        case (11, 0x32) where equals(name, "set-cookie2"): return .setCookie
        case (22, 0x6C) where equals(name, "sec-websocket-protocol"): return .subprotocols
        case (7, 0x72) where equals(name, "referer"), (8, 0x6E) where equals(name, "location"),
            (16, 0x6E) where equals(name, "content-location"), (14, 0x6C) where equals(name, "x-original-url"),
            (13, 0x6C) where equals(name, "x-rewrite-url"):
            return .target
        default: break
        }
        return withNormalised(name) { name in
            if operators.contains(where: { same($0, name) }) { return .secret }
            // The second is a common mistake for the first.
            if ends(name, "authorization") || ends(name, "authentication") { return .credentials }
            // A server's proof and the next nonce (RFC 7615).
            if ends(name, "authenticationinfo") { return .secret }
            return SecretNames.kind(normalised: name.span, .field) != nil ? .secret : .plain
        } ?? .plain
    }

    static func isCookieAttribute(_ piece: UnsafeBufferPointer<UInt8>) -> Bool {
        let end = piece.firstIndex(of: 0x3D) ?? piece.count
        return withNormalised(piece.part(0, end)) { name in cookieAttributes.contains { same($0, name) } } ?? false
    }

    // MARK: Parameters

    /// Whether `raw`, the bytes before a `=`, names a secret.
    ///
    /// - Parameters:
    ///   - isParameter: Whether a delimiter of a query stands before it; the vaguer names count only then.
    ///   - operators: Further names, normalised.
    static func isSecret(_ raw: UnsafeBufferPointer<UInt8>, isParameter: Bool, operators: [[UInt8]]) -> Bool {
        withDecoded(raw, isParameter) { name, isParameter in
            if operators.contains(where: { same($0, name) }) { return true }
            return SecretNames.kind(normalised: name.span, isParameter ? .parameter : .text) != nil
        }
    }

    /// Decodes `%65`, `%2565` … and forgets what lies before a delimiter that was encoded: `next=%2Fws%3Ftoken`.
    private static func withDecoded(
        _ raw: UnsafeBufferPointer<UInt8>, _ isParameter: Bool,
        _ body: (UnsafeBufferPointer<UInt8>, Bool) -> Bool
    ) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: limit) { scratch in
            var count = 0
            var isParameter = isParameter
            var index = 0
            while index < raw.count {
                var byte = raw[index]
                index += 1
                if byte == 0x25, let (decoded, end) = decode(raw, index) {
                    byte = decoded
                    index = end
                }
                switch byte {
                case 0x3F, 0x26, 0x23, 0x3B:
                    count = 0
                    isParameter = true
                    continue
                default: break
                }
                if SecretNames.isSeparator(byte) { continue }
                guard count < limit else { return false }
                scratch[count] = byte.lowercased
                count += 1
            }
            return count > 0 && body(UnsafeBufferPointer(rebasing: scratch[0..<count]), isParameter)
        }
    }

    /// The byte that stands percent-encoded after a `%` at `index - 1`, however often it was encoded.
    static func decode(_ raw: UnsafeBufferPointer<UInt8>, _ index: Int) -> (byte: UInt8, end: Int)? {
        var index = index
        while index + 1 < raw.count, raw[index] == 0x32, raw[index + 1] == 0x35 { index += 2 }
        guard index + 1 < raw.count, let high = raw[index].hexadecimalValue, let low = raw[index + 1].hexadecimalValue else {
            return nil
        }
        return (high << 4 | low, index + 2)
    }

    // MARK: Comparison

    private static let limit = SecretNames.longest

    private static func withNormalised<Result>(
        _ name: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result? {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: limit) { scratch in
            var count = 0
            for byte in name where !SecretNames.isSeparator(byte) {
                guard count < limit else { return nil }
                scratch[count] = byte.lowercased
                count += 1
            }
            return body(UnsafeBufferPointer(rebasing: scratch[0..<count]))
        }
    }

    private static func same(_ known: [UInt8], _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        known.count == name.count && ends(name, known)
    }

    private static func ends(_ name: UnsafeBufferPointer<UInt8>, _ ending: [UInt8]) -> Bool {
        guard name.count >= ending.count, name.last == ending.last else { return false }
        let start = name.count - ending.count
        for index in 0..<ending.count where name[start + index] != ending[index] { return false }
        return true
    }

    private static func ends(_ name: UnsafeBufferPointer<UInt8>, _ ending: StaticString) -> Bool {
        let length = ending.utf8CodeUnitCount
        guard name.count >= length else { return false }
        for index in 0..<length where name[name.count - length + index] != ending.utf8Start[index] { return false }
        return true
    }

    /// Equal but for case; `constant` is lower case.
    static func equals(_ name: UnsafeBufferPointer<UInt8>, _ constant: StaticString) -> Bool {
        guard name.count == constant.utf8CodeUnitCount else { return false }
        for index in 0..<name.count where name[index].lowercased != constant.utf8Start[index] { return false }
        return true
    }
}
