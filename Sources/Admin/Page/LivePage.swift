// The live page: what the endpoints say, drawn by the browser and asked for anew every two seconds.
//
// Theory of operation. Three constants: a document without data, a style and a script. All that is shown comes from `/readyz`, `/metrics` and `/api/…`,
// fetched by the script, and gets into the document as text, never as markup: what clients sent can't become part of the page. Its content
// security policy lets nothing in but these three, so that even a mistake in the script would have nowhere to go. Because the constants say nothing of the process, they
// need no token on the admin listener; where one is configured, the script asks for it and keeps it for as long as the tab lives.

/// The parts of the live page.
public enum LivePage: Sendable, Hashable, CaseIterable {
    case document, style, script

    /// The part at a path below the endpoints' root; nil if there is none.
    init?(path: Substring) {
        switch path {
        case "", "/": self = .document
        case "/page.css": self = .style
        case "/page.js": self = .script
        default: return nil
        }
    }

    /// The part as it goes out.
    public var response: AdminResponse {
        var response: AdminResponse
        switch self {
        case .document: response = LivePage.answer("text/html", LivePage.documentText)
        case .style: response = LivePage.answer("text/css", LivePage.styleText)
        case .script: response = LivePage.answer("text/javascript", LivePage.scriptText)
        }
        response.policy =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " + AdminResponse.closedPolicy
        return response
    }

    private static func answer(_ type: String, _ text: String) -> AdminResponse {
        AdminResponse(status: 200, contentType: type + "; charset=utf-8", body: Array(text.utf8))
    }

    private static let documentText = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Gatehouse</title>
        <link rel="stylesheet" href="page.css">
        <script src="page.js" defer></script>
        </head>
        <body>
        <header>
          <h1>Gatehouse</h1><span id="version"></span>
          <span id="state" class="pill" role="status">asking…</span>
          <span id="moment"></span>
          <button id="pause" type="button">Pause</button>
        </header>
        <form id="door" hidden>
          <label>This listener wants its token: <input id="token" type="password" autocomplete="off"></label> <button>Open</button>
        </form>
        <main>
          <section id="tiles" class="tiles" aria-label="Now"></section>
          <section><h2>Causes</h2><div id="causes"></div></section>
          <section><h2>Timers recognised</h2><div id="patterns"></div></section>
          <section><h2>Endpoints</h2><div id="endpoints"></div></section>
          <section>
            <h2>Sessions <small id="shown"></small></h2>
            <form id="filter">
              <label>route <input name="route"></label> <label>client <input name="client"></label>
              <label>endpoint <input name="endpoint"></label>
            </form>
            <div id="sessions"></div>
          </section>
        </main>
        <footer>
          As data: <a href="readyz">readyz</a> <a href="metrics">metrics</a> <a href="api/sessions">sessions</a> <a href="api/causes">causes</a>
          <a href="api/endpoints">endpoints</a> <a href="api/drain">drains</a> <a href="api/capture">capture</a>
        </footer>
        <noscript>Without JavaScript the links above are all there is.</noscript>
        </body>
        </html>

        """
}
