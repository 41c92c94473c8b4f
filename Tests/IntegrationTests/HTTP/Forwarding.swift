/// A Gatehouse before a backend that the test plays itself, exchange by exchange.
struct Forwarding {
    let gatehouse: GatehouseProcess
    let origin: RawBackend

    init(io: IOBackend, _ configuration: String = "") throws {
        origin = try RawBackend()
        gatehouse = try GatehouseProcess(io: io, upstream: origin.url, configuration)
    }

    /// Sends `request` on a new connection, answers it with `response`, and gives what each end saw.
    func exchange(_ request: String, answeredBy response: String) throws -> (seen: String, response: Response) {
        let client = try gatehouse.connect()
        try client.send(request)
        let backend = try origin.accept()
        let seen = try backend.readHead()
        try backend.send(response)
        return (seen, try client.readResponse(headOnly: request.hasPrefix("HEAD ")))
    }

    /// Sends `request` and reads an answer that must be Gatehouse's own, with the backend untouched.
    func refusal(of request: String) throws -> Response {
        let client = try gatehouse.connect()
        try client.send(request)
        let response = try client.readResponse()
        if origin.waits() { throw HarnessFailure("the backend was contacted for \(request.debugDescription)") }
        return response
    }

    static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    /// A GET with more lines.
    static func get(_ target: String = "/", _ lines: String...) -> String {
        "GET \(target) HTTP/1.1\r\nHost: app.example\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }
}
