import ProxyCore

/// Sockets that this process listens on, as they are offered.
struct HeldListener: Sendable {
    let listener: OfferedListener
    let descriptors: [Int32]
}
