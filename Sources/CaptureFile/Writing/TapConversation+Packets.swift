import Wire

// The packets of a conversation: block, IP and TCP headers written straight into the encoder's buffer. Everything here is inlined into the
// events, since the tap's writer thread passes every byte through it.

extension TapConversation {
    /// One Enhanced Packet Block with an IP packet in it.
    ///
    /// - Parameters:
    ///   - length: payload bytes on the wire; `payload` may have fewer.
    ///   - pages: the payload's beginning, where that stands elsewhere; `payload` is what follows.
    ///   - sum: the sum of the whole payload.
    @inline(__always)
    func packet(
        _ end: End, _ flags: UInt8, _ payload: RawSpan?, _ length: Int, _ sum: PayloadSum?, _ time: Timestamp, _ comment: String?,
        _ encoder: inout CaptureEncoder, pages: UnsafeRawBufferPointer? = nil
    ) {
        let options = flags & Flags.syn != 0 ? TapConversation.openingOptions.count : 0
        let headers = (isV4 ? 20 : 40) + 20 + options
        // What stands in the buffer; and what stands elsewhere.
        let captured = headers + (payload?.byteCount ?? 0)
        let inserted = pages?.count ?? 0
        let padded = (captured + 3) & ~3
        if inserted > 0 { encoder.buffer.fill(before: 28 + headers) }
        let remark = comment.map { Array($0.utf8.prefix(4096)) } ?? []
        let remarkLength = remark.isEmpty ? 0 : 4 + (remark.count + 3) & ~3
        // Block header 28, options: comment, flags 8, end 4; trailing length 4.
        let total = 28 + padded + remarkLength + 16
        let block = encoder.buffer.reserve(total)
        store32(block, 0, 0x0000_0006)
        store32(block, 4, UInt32(total + inserted))
        store32(block, 8, UInt32(side.rawValue))
        store32(block, 12, UInt32(truncatingIfNeeded: time.nanoseconds >> 32))
        store32(block, 16, UInt32(truncatingIfNeeded: time.nanoseconds))
        store32(block, 20, UInt32(captured + inserted))
        store32(block, 24, UInt32(headers + length))
        internetPacket(block + 28, end, flags, payload, length, sum, options)
        var place = block + 28
        (place + captured).initializeMemory(as: UInt8.self, repeating: 0, count: padded - captured)
        place += padded
        if !remark.isEmpty {
            store32(place, 0, 1 | UInt32(remark.count) << 16)
            remark.withUnsafeBytes { source in
                if let from = source.baseAddress { (place + 4).copyMemory(from: from, byteCount: source.count) }
            }
            (place + 4 + remark.count).initializeMemory(as: UInt8.self, repeating: 0, count: remarkLength - 4 - remark.count)
            place += remarkLength
        }
        // epb_flags: inbound is what Gatehouse received.
        let isInbound = (side == .downstream) == (end == .initiator)
        store32(place, 0, 2 | 4 << 16)
        store32(place, 4, isInbound ? 1 : 2)
        store32(place, 8, 0)
        store32(place, 12, UInt32(total + inserted))
        if let pages, inserted > 0 { encoder.buffer.insert(pages, at: encoder.buffer.count + 28 + headers) }
        encoder.buffer.advance(total)
        if side == .downstream { encoder.packets.downstream &+= 1 } else { encoder.packets.upstream &+= 1 }
    }

    @inline(__always)
    private func internetPacket(
        _ place: UnsafeMutableRawPointer, _ end: End, _ flags: UInt8, _ payload: RawSpan?, _ length: Int, _ sum: PayloadSum?,
        _ options: Int
    ) {
        let source = end == .initiator ? initiator : responder
        let destination = end == .initiator ? responder : initiator
        let segment = 20 + options + length
        var pseudo = InternetChecksum()
        let tcp: UnsafeMutableRawPointer
        if isV4 {
            store16(place, 0, 0x4500)
            store16(place, 2, UInt16(truncatingIfNeeded: 20 + segment))
            store16(place, 4, 0)
            store16(place, 6, 0x4000)
            store16(place, 8, 0x4006)
            store16(place, 10, 0)
            store32big(place, 12, UInt32(truncatingIfNeeded: source.low))
            store32big(place, 16, UInt32(truncatingIfNeeded: destination.low))
            var header = InternetChecksum()
            header.add(place, 20)
            place.storeBytes(of: header.value, toByteOffset: 10, as: UInt16.self)
            pseudo.add(place + 12, 8)
            tcp = place + 20
        } else {
            store32big(place, 0, 0x6000_0000)
            store16(place, 4, UInt16(truncatingIfNeeded: segment))
            store16(place, 6, 0x0640)
            place.storeBytes(of: source.high.bigEndian, toByteOffset: 8, as: UInt64.self)
            place.storeBytes(of: source.low.bigEndian, toByteOffset: 16, as: UInt64.self)
            place.storeBytes(of: destination.high.bigEndian, toByteOffset: 24, as: UInt64.self)
            place.storeBytes(of: destination.low.bigEndian, toByteOffset: 32, as: UInt64.self)
            pseudo.add(place + 8, 32)
            tcp = place + 40
        }
        pseudo.add(number: 6)
        pseudo.add(number: UInt16(truncatingIfNeeded: segment))
        store16(tcp, 0, source.port)
        store16(tcp, 2, destination.port)
        store32big(tcp, 4, end == .initiator ? sent.initiator : sent.responder)
        let acknowledged = end == .initiator ? sent.responder : sent.initiator
        store32big(tcp, 8, flags & Flags.ack != 0 ? acknowledged : 0)
        store16(tcp, 12, UInt16(5 + options / 4) << 12 | UInt16(flags))
        store16(tcp, 14, TapConversation.window)
        store32big(tcp, 16, 0)
        if options > 0 {
            for (index, byte) in TapConversation.openingOptions.enumerated() {
                tcp.storeBytes(of: byte, toByteOffset: 20 + index, as: UInt8.self)
            }
        }
        pseudo.add(tcp, 20 + options)
        if let payload {
            payload.withUnsafeBytes { bytes in
                if let sum { pseudo.add(sum.checksum) }
                guard let from = bytes.baseAddress else { return }
                (tcp + 20 + options).copyMemory(from: from, byteCount: bytes.count)
                if sum == nil { pseudo.add(from, bytes.count) }
            }
        }
        tcp.storeBytes(of: pseudo.value, toByteOffset: 16, as: UInt16.self)
    }

    @inline(__always) private func store32(_ place: UnsafeMutableRawPointer, _ offset: Int, _ value: UInt32) {
        place.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
    }

    @inline(__always) private func store32big(_ place: UnsafeMutableRawPointer, _ offset: Int, _ value: UInt32) {
        place.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }

    @inline(__always) private func store16(_ place: UnsafeMutableRawPointer, _ offset: Int, _ value: UInt16) {
        place.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }
}
