/// A piece of software or a platform that can answer a handshake, or for which a fix can be worded.
///
/// One byte, so that a running session can keep who answered its handshake. Frameworks and the servers under them are
/// both here: the wire usually shows the server, the fix usually concerns the framework.
public enum Stack: UInt8, Sendable, Hashable, CaseIterable {
    // Python
    case uvicorn, uvicornWsproto, hypercorn, daphne, pythonWebsockets, aiohttp, tornado, gunicorn, werkzeug, django
    case fastAPI, channels, sanic, quart, flaskSock, pythonSocketIO, jupyter, homeAssistant
    // Node
    case node, ws, socketIO, express, vite, next
    // Go
    case goHTTP, gorilla, coderWebsocket, grafana
    // Ruby, Elixir, JVM, .NET, Rust
    case rails, puma, phoenix, cowboy, spring, tomcat, jetty, aspnet, axum
    // Intermediaries that somebody runs
    case nginx, haproxy, caddy, traefik, envoy, apache, varnish, oauth2Proxy
    // Platforms and their edges
    case render, heroku, cloudflare, awsALB, awsAPIGateway, cloudFront, gcp, azure, vercel, netlify, fly, railway, akamai, fastly

    /// The word for reports and for `--stack`.
    public var name: String {
        switch self {
        case .uvicorn: "uvicorn"
        case .uvicornWsproto: "uvicorn (wsproto)"
        case .hypercorn: "hypercorn"
        case .daphne: "daphne"
        case .pythonWebsockets: "websockets"
        case .aiohttp: "aiohttp"
        case .tornado: "Tornado"
        case .gunicorn: "gunicorn"
        case .werkzeug: "Werkzeug"
        case .django: "Django"
        case .fastAPI: "FastAPI/Starlette"
        case .channels: "Django Channels"
        case .sanic: "Sanic"
        case .quart: "Quart"
        case .flaskSock: "Flask-Sock"
        case .pythonSocketIO: "python-socketio"
        case .jupyter: "Jupyter"
        case .homeAssistant: "Home Assistant"
        case .node: "Node"
        case .ws: "ws"
        case .socketIO: "Socket.IO"
        case .express: "Express"
        case .vite: "Vite"
        case .next: "Next.js"
        case .goHTTP: "Go net/http"
        case .gorilla: "gorilla/websocket"
        case .coderWebsocket: "coder/websocket"
        case .grafana: "Grafana"
        case .rails: "Rails ActionCable"
        case .puma: "Puma"
        case .phoenix: "Phoenix"
        case .cowboy: "Cowboy"
        case .spring: "Spring"
        case .tomcat: "Tomcat"
        case .jetty: "Jetty"
        case .aspnet: "ASP.NET Core"
        case .axum: "axum"
        case .nginx: "nginx"
        case .haproxy: "HAProxy"
        case .caddy: "Caddy"
        case .traefik: "Traefik"
        case .envoy: "Envoy"
        case .apache: "Apache"
        case .varnish: "Varnish"
        case .oauth2Proxy: "oauth2-proxy"
        case .render: "Render"
        case .heroku: "Heroku"
        case .cloudflare: "Cloudflare"
        case .awsALB: "AWS ALB"
        case .awsAPIGateway: "AWS API Gateway"
        case .cloudFront: "AWS CloudFront"
        case .gcp: "Google Cloud"
        case .azure: "Azure"
        case .vercel: "Vercel"
        case .netlify: "Netlify"
        case .fly: "Fly.io"
        case .railway: "Railway"
        case .akamai: "Akamai"
        case .fastly: "Fastly"
        }
    }

    /// Where on the path it stands.
    public var who: Responder.Who {
        switch self {
        case .nginx, .haproxy, .caddy, .traefik, .envoy, .apache, .varnish, .oauth2Proxy: .intermediary
        case .render, .heroku, .cloudflare, .awsALB, .awsAPIGateway, .cloudFront, .gcp, .azure, .vercel, .netlify, .fly,
            .railway, .akamai, .fastly:
            .edge
        default: .backend
        }
    }

    /// The stacks whose fixes apply where this one answered, the likeliest first: under uvicorn runs FastAPI far
    /// more often than Channels.
    public var fixesFrom: [Stack] {
        switch self {
        case .uvicorn, .uvicornWsproto: [.uvicorn, .fastAPI, .channels, .pythonSocketIO, .quart]
        case .hypercorn: [.hypercorn, .fastAPI, .quart]
        case .daphne: [.daphne, .channels]
        case .fastAPI: [.fastAPI, .uvicorn]
        case .channels: [.channels, .daphne]
        case .gunicorn: [.gunicorn, .fastAPI, .channels, .flaskSock]
        case .werkzeug: [.flaskSock, .werkzeug]
        case .flaskSock: [.flaskSock, .gunicorn]
        case .django: [.channels, .django]
        case .quart: [.quart, .hypercorn]
        case .node: [.ws, .socketIO, .node, .express]
        case .express: [.express, .ws, .socketIO]
        case .ws: [.ws, .node]
        case .goHTTP: [.gorilla, .coderWebsocket]
        case .puma: [.rails]
        case .cowboy: [.phoenix, .cowboy]
        case .tomcat, .jetty: [self, .spring]
        case .jupyter: [.jupyter, .tornado]
        case .grafana: [.grafana, .gorilla]
        default: [self]
        }
    }

    /// The stack that `text` names, as a person types it: case and punctuation do not matter.
    public init?(_ text: some StringProtocol) {
        let wanted = Stack.plain(text)
        let known = Stack.allCases.first { stack in
            Stack.plain(stack.name) == wanted || stack.otherNames.contains(wanted)
        }
        guard let known, !wanted.isEmpty else { return nil }
        self = known
    }

    private var otherNames: [String] {
        switch self {
        case .fastAPI: ["fastapi", "starlette"]
        case .channels: ["channels"]
        case .pythonWebsockets: ["pythonwebsockets"]
        case .pythonSocketIO: ["socketiopython", "pythonengineio"]
        case .socketIO: ["socketionode", "engineio", "socketiojs"]
        case .ws: ["nodews"]
        case .node: ["nodejs"]
        case .next: ["next"]
        case .gorilla: ["gorilla", "go"]
        case .coderWebsocket: ["coder", "nhooyr"]
        case .rails: ["rails", "actioncable"]
        case .aspnet: ["aspnet", "kestrel", "dotnet", "signalr"]
        case .apache: ["httpd"]
        case .awsALB: ["alb", "aws"]
        case .awsAPIGateway: ["apigateway"]
        case .cloudFront: ["cloudfront"]
        case .gcp: ["gcp", "cloudrun"]
        case .fly: ["fly"]
        case .homeAssistant: ["homeassistant", "hass"]
        default: []
        }
    }

    private static func plain(_ text: some StringProtocol) -> String {
        String(text.lowercased().unicodeScalars.filter { ("a"..."z").contains($0) || ("0"..."9").contains($0) }.map(Character.init))
    }
}
