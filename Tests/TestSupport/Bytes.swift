/// Literal bytes for tests: `bytes(0x81, 0x05, "Hello")`. A bare array literal's span would be one of `Int`s.
package func bytes(_ parts: any ByteLiteral...) -> [UInt8] {
    parts.flatMap(\.literalBytes)
}

/// What may stand in `bytes(…)`: a number below 256, text, or an array of bytes.
package protocol ByteLiteral {
    var literalBytes: [UInt8] { get }
}

extension Int: ByteLiteral {
    package var literalBytes: [UInt8] { [UInt8(self)] }
}

extension String: ByteLiteral {
    package var literalBytes: [UInt8] { Array(utf8) }
}

extension [UInt8]: ByteLiteral {
    package var literalBytes: [UInt8] { self }
}
