import Foundation
import Testing

extension Integration {
    /// `diagnosis.explain_in_close`: what programs and pages see of a refusal.
    @Suite struct ExplainTests {
        static let explaining = "diagnosis: {explain_in_close: [\"https://evil.example\"]}"

        @Test(arguments: IOBackend.available)
        func `a listed origin gets 4403 and the cause, others the response, and the ledger what happened`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.uvicornWebsockets).url, Self.explaining)
            let url = "ws://127.0.0.1:\(gatehouse.port)/origin"
            for client in PeerClient.allCases {
                let told = try client.run([
                    [url, "--do", "listen", "--origin", "https://evil.example", "--subprotocol", "chat.v2"],
                    [url, "--do", "listen", "--origin", "https://other.example"],
                ])
                #expect(told[0]["status"].integer == 101 && told[0]["code"].integer == 4403, "\(client): \(told[0])")
                #expect(told[0]["reason"].text?.isEmpty == false)
                #expect(told[0]["subprotocol"].text == "chat.v2" && told[0]["extensions"].isNull)
                #expect(told[1]["status"].integer == 403, "\(client): \(told[1])")
            }
            let lines = try gatehouse.ledger.wait(forAll: 4, "session.refused")
            #expect(lines.allSatisfy { $0["status"].integer == 403 && $0["response"]["status"].integer == 403 })
            #expect(lines.filter { $0["explained_with"].integer == 4403 }.count == 2)
            #expect(try gatehouse.ledger.all("session.opened").isEmpty)
        }

        @Test(arguments: IOBackend.available) func `Gatehouse's own refusals are told in the same way`(io: IOBackend) throws {
            let dead = try RawBackend().port
            let gatehouse = try GatehouseProcess(io: io, upstream: "http://127.0.0.1:\(dead)", Self.explaining)
            let told = try PeerClient.websockets.run(
                "ws://127.0.0.1:\(gatehouse.port)/ws", ["--do", "listen", "--origin", "https://evil.example"])
            #expect(told["code"].integer == 4502 && told["reason"].text == "upstream-refused", "\(told)")
            let line = try gatehouse.ledger.wait(for: "session.refused")
            #expect(line["status"].integer == 502 && line["explained_with"].integer == 4502)
        }

        @Test(arguments: IOBackend.available)
        func `what is no valid upgrade is never completed`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: RawBackend().url, Self.explaining)
            let request = Upgrade.request(without: ["Sec-WebSocket-Key"], with: ("Origin", "https://evil.example"))
            #expect(try gatehouse.exchange(request).status == 400)
        }

        @Test(arguments: IOBackend.available) func `a page sees the cause in onclose`(io: IOBackend) throws {
            guard let chromium = Repository.chromium else {
                print("no browser here (apt package chromium): the page's close event is not tested")
                return
            }
            let peer = try Peer(.node)
            let gatehouse = try GatehouseProcess(io: io, upstream: peer.url)
            // The page's origin names the port, which is only known now.
            try gatehouse.rewrite(
                upstream: peer.url, "diagnosis: {explain_in_close: [\"http://localhost:\(gatehouse.port)\"]}")
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(for: "config.reloaded")
            let scratch = try ScratchFolder()
            let browser = try ChildProcess(
                chromium,
                [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                    "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost", "--user-data-dir=\(scratch.file("profile"))",
                    "http://localhost:\(gatehouse.port)/page",
                ], output: scratch.file("out"), errors: scratch.file("errors"))
            defer {
                browser.send(SIGTERM)
                _ = browser.waitForExit(within: 10)
            }
            let text = try eventually(within: 60) { peer.told.first }
            let told = try JSON(
                parsing: try #require(text, "the page told nothing: \(scratch.read("errors").suffix(500))"))
            #expect(told[1]["events"].texts == ["open", "close 4403"] && told[1]["clean"].bool == true, "\(told[1])")
            let refused = try gatehouse.ledger.wait(for: "session.refused")
            #expect(refused["verdict"]["cause"].text == told[1]["reason"].text && refused["status"].integer == 403)
        }
    }
}
