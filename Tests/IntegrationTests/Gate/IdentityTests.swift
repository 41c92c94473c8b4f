import Glibc
import Testing

extension Integration {
    /// What a backend is told of the user comes from the credential: by no other way, and in no other spelling.
    @Suite struct IdentityTests {
        private static let configuration = """
            auth:
              from: [{query: t}]
              jwt: {secret: \(GateTests.secret)}
              identity: [{field: X-User-Id, value: user}, {field: X_Tenant, value: claims.tenant}]
            """

        @Test(arguments: IOBackend.available)
        func `what stands behind the body is no identity, whether it is announced or not`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, Self.configuration)
            for announced in ["", "Trailer: X-Sum, X-Tenant, x-user-id\r\n"] {
                let client = try gatehouse.connect()
                try client.send("POST / HTTP/1.1\r\nHost: a\r\nX-User-Id: root\r\nTransfer-Encoding: chunked\r\n\(announced)\r\n")
                try client.send("5\r\nhello\r\n0\r\nX-Tenant: evil\r\nX_TENANT: evil\r\nX-Sum: 1\r\nX-User-Id: root\r\n\r\n")
                let upstream = try backend.accept()
                let head = try upstream.readHead()
                #expect(!head.lowercased().contains("x-user-id") && !head.contains("root"), "\(head)")
                #expect(head.contains("Trailer: X-Sum\r\n") == !announced.isEmpty)
                let expected = "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"
                #expect(String(decoding: try upstream.read(expected.utf8.count), as: UTF8.self) == expected)
                #expect(try upstream.isSilent(for: 0.05))
                upstream.close()
            }
        }

        @Test(arguments: IOBackend.available)
        func `who can't be told to the backend as the token says it is not let in`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, Self.configuration)
            let end = time(nil) + 600
            let bad = [
                #"{"sub":" mallory","exp":\#(end)}"#, #"{"sub":"mallory ","exp":\#(end)}"#, #"{"sub":"mällory","exp":\#(end)}"#,
                #"{"sub":"ann","tenant":["a","b,mallory"],"exp":\#(end)}"#,
            ]
            for (index, claims) in bad.enumerated() {
                let refused = try gatehouse.exchange(Upgrade.request("/?t=\(GateTests.token(claims))"))
                #expect(refused.status == 403, "\(claims): \(refused.head)")
                let lines = try gatehouse.ledger.wait(forAll: index + 1, "session.refused")
                #expect(lines[index]["reason"].text == "identity_unwritable", "\(lines[index])")
            }
            #expect(!gatehouse.everythingWritten.contains("llory"))
            let good = GateTests.token(#"{"sub":"ann","tenant":["a","b"],"exp":\#(end)}"#)
            let session = try RawSession(through: gatehouse, to: backend, request: Upgrade.request("/?t=\(good)"))
            #expect(session.requestHead.contains("x-user-id: ann\r\n") && session.requestHead.contains("x_tenant: a,b\r\n"))
        }

        @Test(arguments: IOBackend.available)
        func `a session that opens within the leeway is open until that is over`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, Self.configuration)
            let token = GateTests.token(#"{"sub":"ann","exp":\#(time(nil) - 5)}"#)
            let session = try RawSession(through: gatehouse, to: backend, request: Upgrade.request("/?t=\(token)"))
            #expect(try session.client.isSilent(for: 1))
            try session.backend.send([0x82, 1, 7])
            #expect(try session.client.read(3) == [0x82, 1, 7])
        }
    }
}
