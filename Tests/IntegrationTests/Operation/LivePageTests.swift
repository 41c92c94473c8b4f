import Foundation
import Testing

extension Integration {
    /// The live page in a real browser: what its script draws, under its own content security policy.
    @Suite struct LivePageTests {
        @Test func `the live page shows the session that is open and the cause of the one that was refused`() throws {
            guard let chromium = Repository.chromium else {
                print("no browser here (apt package chromium): the live page is not drawn")
                return
            }
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: .epoll, upstream: origin.url, "origins: [\"https://app.example\"]")
            let port = try gatehouse.adminPort()
            let session = try RawSession(
                through: gatehouse, to: origin, request: Upgrade.request(with: ("Origin", "https://app.example")))
            for stranger in ["https://evil.example", "https://<img/src=x>"] {
                #expect(try gatehouse.exchange(Upgrade.request(with: ("Origin", stranger))).status == 403)
            }
            let id = try #require(try gatehouse.ledger.wait(for: "session.opened")["session"].text)
            let scratch = try ScratchFolder()
            let browser = try ChildProcess(
                chromium,
                [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                    "--disable-extensions",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--virtual-time-budget=5000",
                    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir=\(scratch.file("profile"))",
                    "--dump-dom", "http://127.0.0.1:\(port)/",
                ], output: scratch.file("dom"), errors: scratch.file("errors"))
            _ = browser.waitForExit(within: 60)
            let page = scratch.read("dom")
            #expect(page.contains("takes sessions"), "\(page.prefix(2000))\n\(scratch.read("errors").suffix(500))")
            #expect(page.contains(id), "the open session")
            #expect(page.contains("origin-not-allowed"), "the cause")
            #expect(
                page.contains("https://&lt;img/src=x&gt;") && page.contains("https://app.example"),
                "what the last of them showed, and what is allowed")
            #expect(!page.contains("<img"), "what a client sent is text")
            try session.client.send(Frame.close(1000, masked: true))
        }
    }
}
