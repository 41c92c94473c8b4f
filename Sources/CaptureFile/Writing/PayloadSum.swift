/// What bytes add to the checksum of a segment that carries them: worked out once where they stand in the conversations of both sides.
package struct PayloadSum: Sendable {
    let checksum: InternetChecksum

    package init(_ bytes: RawSpan) {
        var checksum = InternetChecksum()
        bytes.withUnsafeBytes { if let from = $0.baseAddress { checksum.add(from, $0.count) } }
        self.checksum = checksum
    }
}
