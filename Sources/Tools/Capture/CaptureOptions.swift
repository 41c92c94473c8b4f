import Configuration
import Wire

/// What the command line asks for, read and checked.
struct CaptureOptions {
    var interface = "any"
    /// In libpcap's language, `--port` and `--filter` together; empty for everything.
    var filter: String
    var write: String?
    var keyLog: String?
    var span: TimeSpan?
    var packets: UInt64?
    var user: String?
    var isJSON = false
    var force = false

    init(_ flags: FlagParser.Result) throws(CommandFault) {
        if let name = flags["interface"] {
            guard name.utf8.count < 64, name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
                throw CommandFault(sentence: "--interface is no interface's name; ip link lists what there is")
            }
            interface = name
        }
        var ports: [UInt16] = []
        for text in flags.all("port") {
            guard let port = UInt16(text), port > 0 else {
                throw CommandFault(sentence: "--port is no number from 1 to 65535")
            }
            ports.append(port)
        }
        filter = CaptureOptions.filter(ports, flags["filter"])
        write = flags["write"]
        keyLog = flags["keylog"]
        if keyLog != nil, write == nil {
            throw CommandFault(
                sentence: "--keylog needs --write FILE: the keys go into that file, the live analysis doesn't decrypt")
        }
        if let text = flags["for"] {
            guard let span = DurationText.span(text), span > .zero else {
                throw CommandFault(sentence: "--for is no time such as 30s or 10m")
            }
            self.span = span
        }
        if let text = flags["packets"] {
            guard let count = UInt64(text), count > 0 else { throw CommandFault(sentence: "--packets is no number from 1") }
            packets = count
        }
        user = flags["user"]
        isJSON = flags.has("json")
        force = flags.has("force")
    }

    /// `(tcp port 8000 or tcp port 8001) and (host 10.0.0.1)`; without either, TCP.
    ///
    /// The words of the user stand in parentheses, so that an `or` of theirs doesn't undo the ports.
    static func filter(_ ports: [UInt16], _ expression: String?) -> String {
        let own = ports.map { "tcp port \($0)" }.joined(separator: " or ")
        switch (own.isEmpty, expression) {
        case (true, let expression?): return expression
        case (true, nil): return "tcp"
        case (false, let expression?): return "(\(own)) and (\(expression))"
        case (false, nil): return own
        }
    }
}
