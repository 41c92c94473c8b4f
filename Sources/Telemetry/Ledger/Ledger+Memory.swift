public import Wire

/// Lines about memory that runs short.
extension Ledger {
    /// A control group holds the process to less memory than the machine has.
    public func memoryLimited(limit: UInt64, group: String, at time: Timestamp) {
        write("memory.limited", at: time, message: "a control group limits the memory; buffers are sized by it") { line in
            line.field("limit_bytes", limit)
            line.field("group", group)
        }
    }

    /// - Parameter held: Bytes kept for peers that don't take them.
    public func memoryShort(limit: UInt64, used: UInt64, held: Int, at time: Timestamp) {
        write(
            "memory.short", level: .warning, at: time, message: "memory is short: no connections are accepted until there is more"
        ) { line in
            line.field("limit_bytes", limit)
            line.field("used_bytes", used)
            line.field("unsent_bytes", held)
        }
    }

    public func memoryRecovered(limit: UInt64, used: UInt64, at time: Timestamp) {
        write("memory.recovered", at: time, message: "there is memory again: connections are accepted") { line in
            line.field("limit_bytes", limit)
            line.field("used_bytes", used)
        }
    }

    /// - Parameter wanted: Bytes that are to be given back.
    public func memoryShedding(limit: UInt64, used: UInt64, held: Int, wanted: UInt64, at time: Timestamp) {
        write(
            "memory.shedding", level: .warning, at: time,
            message: "memory is nearly gone: sessions end, those first that hold the most unsent bytes"
        ) { line in
            line.field("limit_bytes", limit)
            line.field("used_bytes", used)
            line.field("unsent_bytes", held)
            line.field("wanted_bytes", wanted)
        }
    }

    /// A session or request is ended because memory is short; its own line follows.
    ///
    /// - Parameters:
    ///   - side: Who didn't take its bytes.
    ///   - unsent: How many there were.
    public func sessionShed(_ session: SessionID, _ side: Side, unsent: Int, client: SocketAddress?, at time: Timestamp) {
        write(
            "session.shed", level: .warning, at: time, session: session,
            message: "ended because memory is short and this side doesn't take what it is sent"
        ) { line in
            line.field("side", side.name)
            line.field("unsent_bytes", unsent)
            if let client { line.field("client", address: client) }
        }
    }
}
