/// What a request head and a response head have in common.
///
/// A base class rather than a protocol: its members are read a hundred times for a handshake, and through a witness each
/// time would copy the field section with its arrays.
///
/// Unchecked, because a class with subclasses can't be `Sendable` by inference. What holds: every stored property here and in the two
/// final subclasses, which live in this module, is a `let` of a `Sendable` type.
public class MessageHead: @unchecked Sendable {
    /// The field lines with the octets that they lie in.
    public final let section: FieldSection
    /// Everything odd, in the order of its discovery, at most 32.
    public final let faults: [HeadFault]
    /// The fault that forbids forwarding, the most dangerous first.
    public final let refusal: HeadFault?
    public final let version: HTTPVersion
    /// What the `Connection` fields ask for.
    public final let connection: ConnectionOptions

    init(_ section: FieldSection, _ faults: FaultList, version: HTTPVersion, connection: ConnectionOptions) {
        self.section = section
        self.faults = faults.faults
        refusal = faults.refusal
        self.version = version
        self.connection = connection
    }

    /// All octets of the head as they came.
    @inlinable public final var bytes: [UInt8] { section.bytes }
    /// The field lines in their order.
    @inlinable public final var fields: [FieldLine] { section.fields }
    /// Whether no fault forbids forwarding.
    @inlinable public final var isForwardable: Bool { refusal == nil }

    /// The value of the first line of this name.
    @inlinable public final func value(of name: FieldName) -> Range<Int>? { section.value(of: name) }
    /// The values of all lines of this name.
    @inlinable public final func values(of name: FieldName) -> [Range<Int>] { section.values(of: name) }
    /// The indices of all lines of this name.
    @inlinable public final func indices(of name: FieldName) -> [Int] { section.indices(of: name) }
    /// How many lines have this name.
    @inlinable public final func count(of name: FieldName) -> Int { section.count(of: name) }
    /// Whether a field of this name occurs.
    @inlinable public final func has(_ name: FieldName) -> Bool { section.has(name) }
    /// Whether a comma list has this token (lower case), over all its lines.
    @inlinable public final func contains(token: StaticString, in name: FieldName) -> Bool {
        section.contains(token: token, in: name)
    }
    /// The elements of a comma list over all its lines.
    @inlinable public final func elements(of name: FieldName) -> [Range<Int>] { section.elements(of: name) }
    /// The octets of `range` as printable text.
    @inlinable public final func text(_ range: Range<Int>, limit: Int = .max) -> String { section.text(range, limit: limit) }

    /// Whether the connection outlives this message, as far as the sender of the head is concerned (RFC 9112 §9.3).
    @inlinable public final var keepAlive: Bool {
        switch version {
        case .http11: !connection.contains(.close)
        case .http10: connection.contains(.keepAlive) && !connection.contains(.close)
        case .unsupported: false
        }
    }
}

/// The options of the `Connection` fields of one head (RFC 9110 §7.6.1).
public struct ConnectionOptions: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var close: ConnectionOptions { ConnectionOptions(rawValue: 1) }
    @inlinable public static var keepAlive: ConnectionOptions { ConnectionOptions(rawValue: 2) }
    @inlinable public static var upgrade: ConnectionOptions { ConnectionOptions(rawValue: 4) }
    /// At least one further name, which is to be removed with the field of that name.
    @inlinable public static var named: ConnectionOptions { ConnectionOptions(rawValue: 8) }
}
