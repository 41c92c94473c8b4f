/// What a key accepts.
indirect enum ValueKind: Sendable {
    // Scalars
    /// `true` or `false`, and none of YAML's other spellings.
    case boolean
    /// A whole number of a range; with `word`, also that word.
    case integer(ClosedRange<Int>, word: String? = nil)
    /// A part of the whole, from 0 to 1; decoded to an integer, in millionths.
    case fraction
    /// A number of bytes of a range.
    case size(ClosedRange<UInt64>)
    /// A time; zero only if it may be; with `word`, also that word.
    case duration(zero: Bool = false, word: String? = nil)
    /// One of some words.
    case word([String])
    /// An address to listen on; with `word`, also that word.
    case listenAddress(word: String? = nil)
    /// A block of addresses.
    case addressBlock
    /// The URL of an endpoint.
    case endpoint
    /// A host as browsers write it in `Origin`.
    case origin
    /// A pattern of hosts.
    case hostPattern
    /// `host` or `host:port` for a `Host` field.
    case authority
    /// A host name, for SNI.
    case hostName
    /// The path of a URL.
    case path
    /// A file; relative to the directory of the configuration's file. `mustExist`: checked at load.
    case file(mustExist: Bool)
    /// The name of an HTTP field.
    case fieldName
    /// A short name: letters, digits, `.`, `-`, `_`.
    case name
    /// A text of visible characters.
    case text
    /// A text that is never shown.
    case secret
    /// `stdout`, `stderr` or a file.
    case logOutput

    // Collections
    case list(ValueKind)
    /// Exactly these keys.
    case map([KeyDefinition])
    /// Any names, and for each the same keys.
    case named([KeyDefinition])
    /// Whichever fits the shape that was written.
    case shapes([ValueKind])

    enum Shape: Sendable { case scalar, list, map }

    /// The shape that it has in YAML.
    var shape: Shape {
        switch self {
        case .list: .list
        case .map, .named: .map
        case .shapes(let kinds): kinds.first?.shape ?? .scalar
        default: .scalar
        }
    }

    /// What is accepted, for a message and for the documentation.
    var accepted: String {
        switch self {
        case .boolean: "true or false"
        case .integer(let range, let word):
            (word.map { "\($0) or " } ?? "") + "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .fraction: "a number from 0 to 1, such as 0.25"
        case .size(let range) where range.lowerBound > 0 || range.upperBound < 1 << 50:
            "\(SizeText.accepted); from \(SizeText.text(range.lowerBound)) to \(SizeText.text(range.upperBound))"
        case .size: SizeText.accepted
        case .duration(_, let word): (word.map { "\($0), or " } ?? "") + DurationText.accepted
        case .word(let words): words.joined(separator: ", ")
        case .listenAddress(let word):
            (word.map { "\($0) or " } ?? "") + "address:port, such as 0.0.0.0:8080 or \"[::]:8080\""
        case .addressBlock: "an address or a block, such as 10.0.0.0/8 or \"fd00::/8\""
        case .endpoint: "scheme://host:port with http or https, such as http://127.0.0.1:8000"
        case .origin: "an origin, such as https://app.example.com"
        case .hostPattern: "a host, such as app.example.com or \"*.example.com\", without port"
        case .authority: "host or host:port, such as app.internal:8000"
        case .hostName: "a host name, such as app.internal"
        case .path: "a path, such as /ws"
        case .file: "the path of a file"
        case .fieldName: "the name of a field, such as X-Api-Key"
        case .name: "a name of letters, digits, ., - and _"
        case .text: "a text"
        case .secret: "a text of at least 16 visible characters"
        case .logOutput: "stdout, stderr or the path of a file with a / in it"
        case .list(let kind): "a list; each: \(kind.accepted)"
        case .map(let keys): "a map of " + keys.map(\.name).joined(separator: ", ")
        case .named(let keys):
            "a map of names; each: a map of " + keys.map(\.name).joined(separator: ", ")
        case .shapes(let kinds): kinds.map(\.accepted).joined(separator: "; or ")
        }
    }

    /// Whether a value of this kind, or of one inside it, must never be shown.
    var holdsSecret: Bool {
        switch self {
        case .secret: true
        case .list(let kind): kind.holdsSecret
        case .map(let keys), .named(let keys): keys.contains { $0.kind.holdsSecret }
        case .shapes(let kinds): kinds.contains(where: \.holdsSecret)
        default: false
        }
    }
}
