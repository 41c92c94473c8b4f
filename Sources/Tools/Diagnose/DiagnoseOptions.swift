import Configuration
import Probing
import Wire

/// What the command line asks for, read and checked.
struct DiagnoseOptions: Sendable {
    var place: DiagnosePlace
    var method = "GET"
    /// The Origin to send, and others that might be the right ones.
    var origins: [String] = []
    var cookies: [String] = []
    var bearer: String?
    var subprotocols: [String] = []
    var fields: [FieldEdit] = []
    var sendsBrowserFields = false
    /// Addresses in place of those that the name has.
    var addresses: [SocketAddress] = []
    var proxy: ProxyTunnel?
    var ca: String?
    var isInsecure = false
    var isJSON = false
    var showsCurl = false
    /// Every alternative in the text, in place of the first few.
    var showsAll = false
    /// Handshakes besides the first one.
    var probeLimit = DiagnoseOptions.mostProbes
    /// How long an opened session is kept, if it is.
    var hold: TimeSpan?
    /// Texts to send on the session that is kept.
    var messages: [String] = []
    /// The longest wait for one answer; all together may take twice as long.
    var timeout = TimeSpan.seconds(5)

    /// With the first one, 25 handshakes.
    static let mostProbes = 24

    /// What `--header` does, as curl's `-H` does it.
    enum FieldEdit: Sendable, Hashable {
        case set(name: String, value: String)
        case remove(name: String)
    }

    /// What is wrong with the command line, in one sentence. Values are not repeated: they may be secrets.
    struct Fault: Error, Sendable, Hashable {
        var sentence: String
    }

    init(_ flags: FlagParser.Result) throws(Fault) {
        do throws(DiagnosePlace.Fault) {
            place = try DiagnosePlace(flags.positionals.first ?? "")
        } catch {
            throw Fault(sentence: error.sentence)
        }
        if let method = flags["method"] {
            guard DiagnoseOptions.isToken(method) else {
                throw Fault(sentence: "--method is no method: letters are expected, such as GET")
            }
            self.method = method
        }
        origins = flags.all("origin")
        cookies = flags.all("cookie")
        bearer = flags["bearer"]
        subprotocols = flags.all("subprotocol")
        for (flag, values) in [
            ("origin", origins), ("cookie", cookies), ("bearer", bearer.map { [$0] } ?? []), ("subprotocol", subprotocols),
        ]
        where !values.allSatisfy(DiagnoseOptions.isFieldValue) {
            throw Fault(sentence: "--\(flag) has a control character, which no field may have")
        }
        for text in flags.all("header") { fields.append(try DiagnoseOptions.field(text)) }
        sendsBrowserFields = flags.has("browser")
        for text in flags.all("resolve") {
            if let address = try DiagnoseOptions.resolution(text, place) { addresses.append(address) }
        }
        if let text = flags["proxy"] {
            do throws(DiagnosePlace.Fault) { proxy = try ProxyTunnel(text) } catch { throw Fault(sentence: error.sentence) }
        }
        ca = flags["ca"]
        isInsecure = flags.has("insecure")
        isJSON = flags.has("json")
        showsCurl = flags.has("curl")
        showsAll = flags.has("all")
        if let text = flags["max-probes"] {
            guard let count = Int(text), (0...DiagnoseOptions.mostProbes).contains(count) else {
                throw Fault(sentence: "--max-probes is no number from 0 to \(DiagnoseOptions.mostProbes)")
            }
            probeLimit = count
        }
        if flags.has("no-probes") { probeLimit = 0 }
        if let span = try DiagnoseOptions.span(
            flags, "timeout", .milliseconds(100) ... .seconds(600), "from 100ms to 10m, such as 5s")
        {
            timeout = span
        }
        messages = flags.all("message")
        hold = try DiagnoseOptions.span(flags, "hold", .seconds(1) ... .seconds(86_400), "from 1s to 24h, such as 90s")
        // Who sends something wants to see what comes back.
        if hold == nil, !messages.isEmpty { hold = timeout }
    }

    private static func span(_ flags: FlagParser.Result, _ name: String, _ range: ClosedRange<TimeSpan>, _ words: String)
        throws(Fault) -> TimeSpan?
    {
        guard let text = flags[name] else { return nil }
        guard let span = DurationText.span(text), range.contains(span) else {
            throw Fault(sentence: "--\(name) is no time \(words)")
        }
        return span
    }

    private static func field(_ text: String) throws(Fault) -> FieldEdit {
        guard let end = text.firstIndex(where: { $0 == ":" || $0 == ";" }) else {
            throw Fault(sentence: "--header needs a colon: --header 'Name: value', or --header 'Name:' to leave the field out")
        }
        let name = String(text[..<end])
        guard isToken(name) else {
            throw Fault(sentence: "--header has a name that no field can have; letters, digits and dashes are expected")
        }
        let behind = text[text.index(after: end)...]
        // `Name;` sends the field without a value, as curl has it.
        if text[end] == ";" {
            guard behind.allSatisfy({ $0 == " " }) else { throw Fault(sentence: "--header \(name) needs a colon behind its name") }
            return .set(name: name, value: "")
        }
        let value = String(behind.drop { $0 == " " || $0 == "\t" })
        guard isFieldValue(value) else {
            throw Fault(sentence: "--header \(name) has a control character, which no field may have")
        }
        return value.isEmpty ? .remove(name: name) : .set(name: name, value: value)
    }

    /// `HOST:ADDRESS`, or curl's `HOST:PORT:ADDRESS`; nil where it is about another host or port.
    private static func resolution(_ text: String, _ place: DiagnosePlace) throws(Fault) -> SocketAddress? {
        let fault = Fault(sentence: "--resolve needs HOST:ADDRESS, such as app.example.com:203.0.113.7")
        guard let colon = text.firstIndex(of: ":") else { throw fault }
        var rest = text[text.index(after: colon)...]
        if SocketAddress(host: rest) == nil, let second = rest.firstIndex(of: ":"), let port = UInt16(rest[..<second]) {
            if port != place.port { return nil }
            rest = rest[rest.index(after: second)...]
        }
        guard let address = SocketAddress(host: rest, port: place.port) else { throw fault }
        return text[..<colon].lowercased() == place.host.lowercased() ? address : nil
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ text: String) -> Bool {
        let marks = Set("!#$%&'*+-.^_`|~".utf8)
        return !text.isEmpty
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || marks.contains($0)
            }
    }

    private static func isFieldValue(_ text: String) -> Bool { text.utf8.allSatisfy { $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F } }
}
