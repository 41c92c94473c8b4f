/// Bytes that wait for their connection to take them: in a buffer of the loop, or in a block of their own.
struct PendingSend {
    /// The next one of this connection, or of the free list; -1 at the end.
    var next: Int32
    /// The pool's buffer that holds the bytes, or -1 for an own block.
    var buffer: Int32
    /// The first byte that was not yet taken.
    var start: UnsafeMutableRawPointer
    var count: Int
    /// The own block, to be freed.
    var block: UnsafeMutableRawPointer?
}

/// The pending sends of all connections of a loop: nodes of one array, each connection's in a list.
struct SendQueue: ~Copyable {
    private var nodes: UnsafeMutablePointer<PendingSend>
    private var capacity: Int
    private var used = 0
    private var firstFree: Int32 = -1

    init(capacity: Int) {
        self.capacity = capacity
        nodes = .allocate(capacity: capacity)
    }

    deinit { nodes.deallocate() }

    /// The node, valid until the next `append`.
    func node(_ index: Int32) -> UnsafeMutablePointer<PendingSend> {
        precondition(index >= 0 && Int(index) < used, "SendQueue: no such node")
        return nodes + Int(index)
    }

    /// Puts bytes at the end of the connection's list.
    mutating func append(
        to connection: UnsafeMutablePointer<ConnectionState>, start: UnsafeMutableRawPointer, count: Int,
        buffer: Int32, block: UnsafeMutableRawPointer?
    ) {
        let index: Int32
        if firstFree >= 0 {
            index = firstFree
            firstFree = nodes[Int(index)].next
        } else {
            if used == capacity { grow() }
            index = Int32(used)
            used += 1
        }
        (nodes + Int(index)).initialize(
            to: PendingSend(next: -1, buffer: buffer, start: start, count: count, block: block))
        if connection.pointee.lastSend >= 0 {
            nodes[Int(connection.pointee.lastSend)].next = index
        } else {
            connection.pointee.firstSend = index
        }
        connection.pointee.lastSend = index
        connection.pointee.queuedBytes += count
    }

    /// Takes the first node off the connection's list; its bytes are the caller's to release.
    mutating func removeFirst(of connection: UnsafeMutablePointer<ConnectionState>) -> PendingSend {
        let index = connection.pointee.firstSend
        let node = node(index).pointee
        connection.pointee.firstSend = node.next
        if node.next < 0 { connection.pointee.lastSend = -1 }
        connection.pointee.queuedBytes -= node.count
        nodes[Int(index)].next = firstFree
        firstFree = index
        return node
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<PendingSend>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: nodes, count: used)
        nodes.deallocate()
        nodes = larger
        capacity *= 2
    }
}
