extension EventLoop {
    /// Calls `body` for every connection with bytes that its peer hasn't taken yet; one that is closing gives them back by itself.
    public func forEachQueue(_ body: (_ id: ConnectionID, _ owner: UInt64, _ bytes: Int, _ isClosing: Bool) -> Void) {
        connections.forEachSlot { slot, state in
            guard state.pointee.queuedBytes > 0 else { return }
            body(
                ConnectionID(slot: slot, generation: state.pointee.generation), state.pointee.owner, state.pointee.queuedBytes,
                state.pointee.flags.contains(.closing))
        }
    }
}
