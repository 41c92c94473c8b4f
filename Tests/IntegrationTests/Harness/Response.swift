/// A response as a test reads it: the head's lines as they came, and the body without its framing.
struct Response {
    let status: Int
    let head: String
    let fields: [(name: String, value: String)]
    let body: [UInt8]
    /// The body's bytes with their chunk framing, where it was chunked.
    let framed: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    func field(_ name: String) -> String? { fields.first { $0.name.lowercased() == name.lowercased() }?.value }
    func fields(_ name: String) -> [String] { fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value) }

    /// Whether a comma-separated field has that member.
    func lists(_ token: String, in name: String) -> Bool {
        fields(name).joined(separator: ",").lowercased().split(separator: ",")
            .contains { $0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed().elementsEqual(token) }
    }

    static func status(of head: String) -> Int? {
        let parts = head.split(separator: " ", maxSplits: 2)
        return parts.count > 1 ? Int(parts[1].prefix(3)) : nil
    }

    static func fields(of head: String) -> [(name: String, value: String)] {
        head.split(separator: "\r\n").dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            return (String(line[..<colon]), String(value))
        }
    }
}

extension RawConnection {
    /// The next response: its head, then its body by content-length, chunks, or the connection's end.
    ///
    /// - Parameter headOnly: the request was a HEAD, so that no body follows
    func readResponse(headOnly: Bool = false) throws -> Response {
        let head = try readHead()
        guard let status = Response.status(of: head) else {
            throw HarnessFailure("no status in \(head.debugDescription)")
        }
        let fields = Response.fields(of: head)
        func value(_ name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }
        var body: [UInt8] = []
        var framed: [UInt8] = []
        if headOnly || status < 200 || status == 204 || status == 304 {
            // No body, whatever the fields say.
        } else if value("transfer-encoding")?.lowercased() == "chunked" {
            (body, framed) = try readChunks()
        } else if let length = value("content-length") {
            guard let length = Int(length) else { throw HarnessFailure("content-length \(length)") }
            body = try read(length)
        } else {
            body = try readToEnd()
        }
        return Response(status: status, head: head, fields: fields, body: body, framed: framed)
    }

    private func readChunks() throws -> (body: [UInt8], framed: [UInt8]) {
        var body: [UInt8] = []
        var framed: [UInt8] = []
        func line() throws -> [UInt8] {
            var line: [UInt8] = []
            repeat { line.append(try read(1)[0]) } while !line.suffix(2).elementsEqual([13, 10])
            framed += line
            return line
        }
        while true {
            let sizeLine = String(decoding: try line().dropLast(2), as: UTF8.self)
            guard let size = Int(sizeLine, radix: 16) else {
                throw HarnessFailure("chunk size \(sizeLine.debugDescription)")
            }
            if size == 0 {
                while try line().count > 2 {}
                return (body, framed)
            }
            let data = try read(size + 2)
            framed += data
            body += data.dropLast(2)
        }
    }
}
