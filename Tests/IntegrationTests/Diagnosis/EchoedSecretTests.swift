import Testing

extension Integration {
    /// A backend that repeats what it refuses: nothing of Gatehouse's may carry it on.
    @Suite struct EchoedSecretTests {
        @Test(arguments: IOBackend.available)
        func `a refusal that quotes the request's secrets leaves none in the ledger, the causes and the metrics`(
            io: IOBackend
        ) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: origin.url)
            let client = try gatehouse.connect()
            try client.send(
                Upgrade.request(
                    "/ws?token=opaque-Qz81-one", with: ("Cookie", "session=opaque-Qz81-two"), ("X-Api-Key", "opaque-Qz81-three")))
            let backend = try origin.accept()
            _ = try backend.readHead()
            // In two pieces, the second of which cuts a secret: what is covered is the whole.
            try backend.send(
                "HTTP/1.1 403 Forbidden\r\nX-Why: opaque-Qz81-one\r\nContent-Length: 68\r\n\r\nno: opaque-Qz81-one, opaque-Qz8")
            try backend.send("1-two, opaque-Qz81-three, and no more")
            let answer = try client.readResponse()
            #expect(answer.status == 403 && answer.text.contains("opaque-Qz81-two"), "the client gets what the backend said")
            let line = try gatehouse.ledger.wait(for: "session.refused")
            #expect(line["response"]["body_start"].text?.contains("no: ") == true)
            let causes = try gatehouse.admin("/api/causes").text
            let metrics = try gatehouse.admin("/metrics").text
            for text in [gatehouse.everythingWritten, causes, metrics] { #expect(!text.contains("opaque-Qz81")) }
        }
    }
}
