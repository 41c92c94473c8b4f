import Wire

/// A short answer of Gatehouse's own that isn't an error: health, admin.
struct OwnResponse {
    var status: Int
    var reason: StaticString
    var contentType: StaticString
    var body: [UInt8]

    /// The octets of the whole response.
    func bytes(headOnly: Bool, keepAlive: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(reason)\r\nContent-Type: \(contentType)\r\nContent-Length: \(body.count)\r\n"
        head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        if !keepAlive { head += "Connection: close\r\n" }
        head += "\r\n"
        return Array(head.utf8) + (headOnly ? [] : body)
    }
}
