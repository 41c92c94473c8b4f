import Foundation
import Testing

extension Integration {
    /// A real Chromium, headless: a page's sessions through Gatehouse over TLS.
    @Suite struct BrowserTests {
        @Test(arguments: IOBackend.available)
        func `a page's session works over TLS, and of a 403 the page sees a failure`(io: IOBackend) throws {
            guard let chromium = Repository.chromium else {
                print("no browser here (apt package chromium): the page's session is not tested")
                return
            }
            let authority = try CertificateAuthority()
            let certificate = try authority.issue("localhost", "127.0.0.1")
            let peer = try Peer(.node)
            let gatehouse = try GatehouseProcess(
                io: io, upstream: peer.url,
                "listen: [{address: \"127.0.0.1:0\", tls: {certificate: \(certificate.certificate), key: \(certificate.key)}}]"
            )
            let scratch = try ScratchFolder()
            let browser = try ChildProcess(
                chromium,
                [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                    "--disable-extensions", "--disable-background-networking", "--disable-component-update",
                    "--disable-sync",
                    "--ignore-certificate-errors", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
                    "--user-data-dir=\(scratch.file("profile"))", "https://localhost:\(gatehouse.port)/page",
                ], output: scratch.file("out"), errors: scratch.file("errors"))
            defer {
                browser.send(SIGTERM)
                _ = browser.waitForExit(within: 10)
            }
            let text = try eventually(within: 60) { peer.told.first }
            let told = try JSON(
                parsing: try #require(text, "the page told nothing: \(scratch.read("errors").suffix(500))"))
            #expect(told[0]["events"].texts == ["open", "message from the browser", "close 4000"])
            #expect(told[0]["clean"].bool == true)
            #expect(told[0]["extensions"].text?.contains("permessage-deflate") == true)
            #expect(told[1]["events"].texts == ["error", "close 1006"], "of a refusal a page sees only that it failed")

            let opened = try gatehouse.ledger.wait(for: "session.opened")
            #expect(opened["origin"].text == "https://localhost:\(gatehouse.port)")
            let refused = try gatehouse.ledger.wait(for: "session.refused")
            #expect(refused["status"].integer == 403)
            #expect(refused["answered_by"]["who"].text != "gatehouse")
            #expect(!refused["verdict"]["cause"].isNull)
            #expect(try gatehouse.ledger.wait(for: "session.closed")["downstream"]["close_code"].integer == 4000)
        }
    }
}
