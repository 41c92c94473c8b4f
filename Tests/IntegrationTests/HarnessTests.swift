import TestSupport
import Testing

extension Integration {
    /// The instruments before what they measure.
    @Suite struct HarnessTests {
        @Test func `the raw ends carry bytes, FIN and RST as what they are`() throws {
            let origin = try RawBackend()
            let client = try RawConnection(port: origin.port)
            let backend = try origin.accept()
            try client.send(bytes(0x00, 0xFF, "\r\n"))
            #expect(try backend.read(4) == bytes(0x00, 0xFF, "\r\n"))
            client.finishSending()
            #expect(try backend.readToEnd() == [])
            #expect(backend.end == .fin)
            backend.reset()
            #expect(try client.readToEnd() == [])
            #expect(client.end == .reset)
        }

        @Test func `a chunked response is read without its framing`() throws {
            let origin = try RawBackend()
            let client = try RawConnection(port: origin.port)
            let backend = try origin.accept()
            try backend.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nrest")
            let response = try client.readResponse()
            #expect(response.text == "hello!")
            #expect(try client.read(4) == bytes("rest"))
        }

        @Test func `a frame written is the frame read, masked or not`() throws {
            let origin = try RawBackend()
            let client = try RawConnection(port: origin.port)
            let backend = try origin.accept()
            for size in [0, 125, 126, 65_535, 65_536] {
                let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
                for masked in [false, true] {
                    try client.send(Frame.binary(payload, masked: masked))
                    #expect(try backend.readFrame() == ReceivedFrame(opcode: 2, final: true, payload: payload))
                }
            }
        }

        @Test(arguments: Peer.Kind.allCases) func `every peer starts and names its port`(_ kind: Peer.Kind) throws {
            let peer = try Peer.shared(kind)
            #expect(peer.port != 0)
            _ = try RawConnection(port: peer.port)
        }

        @Test(arguments: [Peer.Kind.uvicornWebsockets, .uvicornWsproto, .aiohttp, .tornado, .websockets, .node])
        func `the clients echo with every peer directly`(_ kind: Peer.Kind) throws {
            let peer = try Peer.shared(kind)
            for client in PeerClient.allCases {
                let told = try client.run("ws://127.0.0.1:\(peer.port)/echo")
                #expect(told["result"].text == "same", "\(client): \(told)")
            }
        }
    }
}
