package import Wire

/// What a session counts for itself while it relays one direction: plain numbers, no atomics, 120 bytes.
///
/// `WorkerMetrics.add` takes what has gathered since the last time and leaves zeros, so it may be called at the end of
/// a session and as often before as the scrape should see a long session.
package struct RelayTally: Sendable {
    /// By `OpcodeLabel.position`.
    @usableFromInline var frames = InlineArray<7, UInt64>(repeating: 0)
    @usableFromInline var payload = InlineArray<7, UInt64>(repeating: 0)
    /// Bytes relayed, frame headers included.
    package var bytes: UInt64 = 0

    @inlinable package init() {}

    /// One frame, when its header is complete; or several of one opcode, for callers that keep counts of their own.
    @inlinable package mutating func note(opcode: UInt8, frames count: UInt64 = 1, payload length: UInt64) {
        let place = RelayTally.place(opcode)
        frames[place] &+= count
        payload[place] &+= length
    }

    /// The place of an opcode: that of its `OpcodeLabel`.
    @inlinable static func place(_ opcode: UInt8) -> Int {
        switch opcode {
        case 0...2: Int(opcode)
        case 8...10: Int(opcode) - 5
        default: 6
        }
    }
}

extension WorkerMetrics {
    /// Adds what `tally` gathered in `direction`, and empties it.
    package func add(_ tally: inout RelayTally, _ direction: Direction) {
        sessionBytes[direction].add(tally.bytes)
        for label in OpcodeLabel.allCases where tally.frames[label.position] > 0 {
            frames[direction, label].add(tally.frames[label.position])
            frameBytes[direction, label].add(tally.payload[label.position])
        }
        tally = RelayTally()
    }
}
