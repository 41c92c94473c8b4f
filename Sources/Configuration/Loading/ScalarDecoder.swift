import ProxyCore
import Wire

/// One scalar's text as the kind that its key wants: strictly, or with the reason why not.
struct ScalarDecoder {
    var text: String
    /// Written without quotes.
    var isPlain: Bool
    var source: ConfigurationSource

    /// The value, or what is wrong with it.
    func decode(_ kind: ValueKind) throws(ScalarFault) -> Decoded.Value {
        switch kind {
        case .boolean: return .boolean(try boolean())
        case .integer(_, let word?) where text == word: return .text(text)
        case .integer(let range, _): return .integer(try integer(range, kind))
        case .fraction: return .integer(try fraction())
        case .size(let range):
            let size = try SizeText.parse(text)
            guard range.contains(size) else { throw ScalarFault(Excerpt.quoted(text), kind.accepted) }
            return .size(size)
        case .duration(_, let word?) where text == word: return .text(text)
        case .duration(let zero, _):
            let span = try DurationText.parse(text)
            guard zero || span > .zero else {
                throw ScalarFault(
                    Excerpt.quoted(text), "a time above zero",
                    "nothing can happen in no time; for a very long wait write a long time, such as 30d")
            }
            return .duration(span)
        case .word(let words): return .text(try word(words))
        case .listenAddress(let word?) where text == word: return .text(text)
        case .listenAddress: return .address(try listenAddress(kind))
        case .addressBlock:
            guard let block = AddressBlock(text) else { throw ScalarFault(Excerpt.quoted(text), kind.accepted) }
            return .block(block)
        case .endpoint:
            do { return .endpoint(try Endpoint(url: text)) } catch {
                throw ScalarFault("\(Excerpt.quoted(text)), which \(error.explanation)", kind.accepted)
            }
        case .origin: return .text(try origin(kind))
        case .hostPattern:
            guard let pattern = HostPattern(text) else {
                let withoutPort = text.prefix { $0 != ":" }
                let remedy = HostPattern(withoutPort) == nil ? nil : "leave the port out: \(withoutPort)"
                throw ScalarFault(Excerpt.quoted(text), kind.accepted, remedy)
            }
            return .host(pattern)
        case .authority:
            guard let (_, _) = try? Endpoint.hostAndPort(text[...]) else {
                throw ScalarFault(Excerpt.quoted(text), kind.accepted)
            }
            return .text(text)
        case .hostName:
            guard HostPattern.isName(text) else { throw ScalarFault(Excerpt.quoted(text), kind.accepted) }
            return .text(text)
        case .path:
            do { _ = try PathPattern(text, exact: true) } catch {
                throw ScalarFault("\(Excerpt.quoted(text)), which \(error.explanation)", kind.accepted)
            }
            return .text(text)
        case .file(let mustExist): return .text(try file(mustExist))
        case .fieldName:
            guard !text.isEmpty, text.utf8.count <= 128, text.utf8.allSatisfy(ScalarDecoder.isTokenByte) else {
                throw ScalarFault(Excerpt.quoted(text), kind.accepted)
            }
            return .text(text.lowercased())
        case .name:
            guard ScalarDecoder.isName(text) else { throw ScalarFault(Excerpt.quoted(text), kind.accepted) }
            return .text(text)
        case .text:
            guard !text.isEmpty else { throw ScalarFault("an empty text", kind.accepted) }
            return .text(text)
        case .secret:
            guard text.utf8.count >= 16, text.utf8.count <= 4096, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw ScalarFault(Secret.placeholder, kind.accepted, "make one with: openssl rand -hex 24")
            }
            return .text(text)
        case .logOutput:
            if text == "stdout" || text == "stderr" { return .text(text) }
            guard text.contains("/") else {
                let nearest = NearestName.of(text, among: ["stdout", "stderr"]).map { "did you mean \($0)?" }
                throw ScalarFault(
                    Excerpt.quoted(text), kind.accepted,
                    nearest ?? "write ./\(Excerpt.plain(text, limit: 40)) for a file")
            }
            return .text(try file(false))
        case .list, .map, .named, .shapes:
            throw ScalarFault("a single value", kind.accepted)
        }
    }

    // MARK: Kinds

    private func boolean() throws(ScalarFault) -> Bool {
        if isPlain, text == "true" { return true }
        if isPlain, text == "false" { return false }
        let remedy: String? =
            switch text.lowercased() {
            case "true", "false": "write \(text.lowercased()) in small letters, without quotes"
            case "yes", "on", "y", "1": "write true"
            case "no", "off", "n", "0": "write false"
            default: nil
            }
        throw ScalarFault(Excerpt.quoted(text), ValueKind.boolean.accepted, remedy)
    }

    /// Millionths.
    private func fraction() throws(ScalarFault) -> Int {
        let parts = text.utf8.split(separator: 0x2E, maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? parts[1] : Substring("0").utf8
        guard let whole = parts.first, whole.count == 1, whole.first == 0x30 || whole.first == 0x31,
            (1...6).contains(decimals.count),
            decimals.allSatisfy({ (0x30...0x39).contains($0) }), isPlain
        else { throw ScalarFault(Excerpt.quoted(text), ValueKind.fraction.accepted) }
        var value = whole.first == 0x31 ? 1 : 0
        for index in 0..<6 {
            value =
                value * 10
                + (index < decimals.count ? Int(decimals[decimals.index(decimals.startIndex, offsetBy: index)]) - 0x30 : 0)
        }
        guard value <= 1_000_000 else { throw ScalarFault(Excerpt.quoted(text), ValueKind.fraction.accepted) }
        return value
    }

    private func integer(_ range: ClosedRange<Int>, _ kind: ValueKind) throws(ScalarFault) -> Int {
        let digits = text.utf8
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw ScalarFault(Excerpt.quoted(text), kind.accepted)
        }
        guard digits.count == 1 || digits.first != 0x30 else {
            throw ScalarFault(
                Excerpt.quoted(text), kind.accepted, "remove the zero in front; some readers take it for octal")
        }
        guard isPlain else {
            throw ScalarFault("\(Excerpt.quoted(text)) in quotes", kind.accepted, "remove the quotes")
        }
        guard let number = Int(text), range.contains(number) else {
            throw ScalarFault(Excerpt.quoted(text), kind.accepted)
        }
        return number
    }

    private func word(_ words: [String]) throws(ScalarFault) -> String {
        if words.contains(text) { return text }
        let nearest = NearestName.of(text, among: words).map { "did you mean \($0)?" }
        throw ScalarFault(Excerpt.quoted(text), words.joined(separator: ", "), nearest)
    }

    private func listenAddress(_ kind: ValueKind) throws(ScalarFault) -> SocketAddress {
        let fault = { (remedy: String?) in ScalarFault(Excerpt.quoted(text), kind.accepted, remedy) }
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text) {
            throw fault("did you mean 0.0.0.0:\(port)?")
        }
        guard let colon = text.lastIndex(of: ":") else { throw fault("add the port") }
        let host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else {
            throw fault("the port is a number from 0 to 65535")
        }
        if host.isEmpty || host == "*" { throw fault("did you mean 0.0.0.0:\(port)?") }
        if host == "localhost" { return SocketAddress(v4: 0x7F00_0001, port: port) }
        if host.contains(":"), host.first != "[" {
            throw fault("put brackets around an IPv6 address: \"[\(Excerpt.plain(String(host), limit: 45))]:\(port)\"")
        }
        guard let address = SocketAddress(host: host, port: port) else {
            throw fault("listen on an address of this machine; names are not resolved here")
        }
        return address
    }

    private func origin(_ kind: ValueKind) throws(ScalarFault) -> String {
        guard text.lowercased().hasPrefix("http://") || text.lowercased().hasPrefix("https://"),
            let endpoint = try? Endpoint(url: text)
        else {
            throw ScalarFault(
                Excerpt.quoted(text), kind.accepted,
                "browsers send scheme, host and, if it isn't the usual one, the port")
        }
        return endpoint.description
    }

    private func file(_ mustExist: Bool) throws(ScalarFault) -> String {
        guard !text.isEmpty, !text.utf8.contains(0) else {
            throw ScalarFault(Excerpt.quoted(text), "the path of a file")
        }
        if text.hasPrefix("~") {
            throw ScalarFault(
                Excerpt.quoted(text), "the path of a file",
                "write the directory out; ~ is the shell's and not known here")
        }
        let path = ConfigurationFile.resolve(text, from: source)
        guard mustExist else { return path }
        if let reason = ConfigurationFile.reasonUnreadable(path) {
            throw ScalarFault("\(Excerpt.quoted(path)), which \(reason)", "a file that can be read")
        }
        return path
    }

    /// Letters, digits, `.`, `-`, `_`; at most 64.
    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }

    /// RFC 9110 section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
