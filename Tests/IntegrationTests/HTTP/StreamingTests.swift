import Testing

/// What the buffers of a loop may come to hold, once, whatever passes: far below what the tests send.
let boundOfBuffers = 32 << 20

extension Integration {
    /// Bodies that are long or never end: passed on as they come, in memory that doesn't grow.
    @Suite struct StreamingTests {
        private static let piece = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }

        @Test(arguments: IOBackend.available)
        func `an upload of 200 MB passes in constant memory`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.node).url)
            _ = try gatehouse.exchange(Forwarding.get("/bytes?n=1"))
            let before = gatehouse.child.residentMemory
            let client = try RawConnection(port: gatehouse.port, timeout: 60)
            let megabytes = 200
            try client.send("POST /digest HTTP/1.1\r\nHost: a\r\nContent-Length: \(megabytes << 20)\r\n\r\n")
            var highest = before
            for number in 0..<megabytes {
                try client.send(Self.piece)
                if number % 20 == 0 { highest = max(highest, gatehouse.child.residentMemory) }
            }
            let told = try JSON(parsing: client.readResponse().text)
            #expect(told["length"].integer == megabytes << 20)
            #expect(highest - before < boundOfBuffers, "memory grew by \((highest - before) >> 10) KiB")
            let line = try gatehouse.ledger.wait(for: "http.request") {
                $0["status"].integer == 200 && ($0["bytes_in"].integer ?? 0) > 1 << 20
            }
            #expect(line["bytes_in"].integer == megabytes << 20)
        }

        @Test(arguments: IOBackend.available)
        func `a chunked upload arrives as it was`(io: IOBackend) throws {
            for kind in [Peer.Kind.node, .aiohttp, .tornado, .uvicornWebsockets] {
                let peer = try Peer.shared(kind)
                let request =
                    "POST /digest HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: application/octet-stream\r\n\r\n"
                func upload(_ port: UInt16) throws -> JSON {
                    let client = try RawConnection(port: port, timeout: 30)
                    try client.send(request)
                    for size in [1, 100, 65_536, 1 << 20, 7] {
                        try client.send(String(size, radix: 16) + "\r\n")
                        try client.send(Array(Self.piece[..<size]))
                        try client.send("\r\n")
                    }
                    try client.send("0\r\n\r\n")
                    return try JSON(parsing: client.readResponse().text)
                }
                let gatehouse = try GatehouseProcess(io: io, upstream: peer.url)
                let through = try upload(gatehouse.port)
                #expect(through == (try upload(peer.port)), "\(kind)")
                #expect(through["length"].integer == 1 + 100 + 65_536 + (1 << 20) + 7, "\(kind)")
            }
        }

        @Test(arguments: IOBackend.available)
        func `downloads by length and in chunks arrive whole from each peer`(io: IOBackend) throws {
            for kind in [Peer.Kind.node, .aiohttp, .tornado, .uvicornWebsockets] {
                let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(kind).url)
                let sized = try gatehouse.exchange(Forwarding.get("/bytes?n=3000000"))
                #expect(sized.body.count == 3_000_000, "\(kind)")
                let chunked = try gatehouse.exchange(Forwarding.get("/chunked?n=300&size=10000"))
                #expect(chunked.body.count == 3_000_000, "\(kind)")
                #expect(chunked.body.allSatisfy { $0 == UInt8(ascii: "c") }, "\(kind)")
            }
        }

        @Test(arguments: IOBackend.available)
        func `an event is with the client before the next one is sent`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.aiohttp).url)
            let client = try gatehouse.connect()
            try client.send(Forwarding.get("/sse?n=3"))
            #expect(try client.readHead().contains("text/event-stream"))
            for number in 0..<3 {
                var text = ""
                while !text.hasSuffix("data: \(number)\n\n\r\n") {
                    text += String(decoding: try client.read(1), as: UTF8.self)
                }
                // The backend waits for this before it sends the next.
                #expect(try gatehouse.exchange(Forwarding.get("/sse-next")).status == 200)
            }
            #expect(String(decoding: try client.read(5), as: UTF8.self) == "0\r\n\r\n")
        }

        @Test(arguments: IOBackend.available)
        func `a client that doesn't read stops the backend, and memory stays`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try RawConnection(port: forwarding.gatehouse.port, receiveBuffer: 4096)
            try client.send(Forwarding.get())
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            let before = forwarding.gatehouse.child.residentMemory
            let size = 64 << 20
            try backend.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            var sent = 0
            while sent < size {
                let count = try backend.sendWhatFits(Self.piece, within: 0.5)
                sent += count
                if count < Self.piece.count { break }
            }
            #expect(sent < size, "the backend was never held back")
            #expect(forwarding.gatehouse.child.residentMemory - before < boundOfBuffers)
            // When the client reads again, the rest comes, in order.
            _ = try client.readHead()
            var received = 0
            while received < sent {
                let part = try client.read(min(1 << 18, sent - received))
                #expect(part.first == Self.piece[received % Self.piece.count])
                received += part.count
            }
        }
    }
}
