import Wire

/// How much of everything a capture had, and what of it was passed over.
struct CaptureCounts {
    var files = 0
    var packets: UInt64 = 0
    var bytes: UInt64 = 0
    var http: UInt64 = 0
    var tls: UInt64 = 0
    /// Connections that speak neither.
    var other: UInt64 = 0
    /// Connections whose opening isn't in the capture and that began with no head.
    var midStream: UInt64 = 0
    var first = Timestamp.never
    var last = Timestamp.zero
    var ranBack: UInt64 = 0

    @inline(__always)
    mutating func seen(at time: Timestamp) {
        if time < last { ranBack &+= 1 } else { last = time }
        if time < first { first = time }
    }
}
