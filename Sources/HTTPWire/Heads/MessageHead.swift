/// What a request head and a response head have in common.
package protocol MessageHead: Sendable {
    /// The field lines with the octets that they lie in.
    var section: FieldSection { get }
    /// Everything odd, in the order of its discovery, at most 32.
    var faults: [HeadFault] { get }
    /// The fault that forbids forwarding, the most dangerous first.
    var refusal: HeadFault? { get }
    var version: HTTPVersion { get }
    /// What the `Connection` fields ask for.
    var connection: ConnectionOptions { get }
}

extension MessageHead {
    /// All octets of the head as they came.
    @inlinable package var bytes: [UInt8] { section.bytes }
    /// The field lines in their order.
    @inlinable package var fields: [FieldLine] { section.fields }
    /// Whether no fault forbids forwarding.
    @inlinable package var isForwardable: Bool { refusal == nil }

    /// The value of the first line of this name.
    @inlinable package func value(of name: FieldName) -> Range<Int>? { section.value(of: name) }
    /// The values of all lines of this name.
    @inlinable package func values(of name: FieldName) -> [Range<Int>] { section.values(of: name) }
    /// The indices of all lines of this name.
    @inlinable package func indices(of name: FieldName) -> [Int] { section.indices(of: name) }
    /// How many lines have this name.
    @inlinable package func count(of name: FieldName) -> Int { section.count(of: name) }
    /// Whether a field of this name occurs.
    @inlinable package func has(_ name: FieldName) -> Bool { section.has(name) }
    /// Whether a comma list has this token (lower case), over all its lines.
    @inlinable package func contains(token: StaticString, in name: FieldName) -> Bool { section.contains(token: token, in: name) }
    /// The elements of a comma list over all its lines.
    @inlinable package func elements(of name: FieldName) -> [Range<Int>] { section.elements(of: name) }
    /// The octets of `range` as printable text.
    @inlinable package func text(_ range: Range<Int>, limit: Int = .max) -> String { section.text(range, limit: limit) }

    /// Whether the connection outlives this message, as far as the sender of the head is concerned (RFC 9112 §9.3).
    @inlinable package var keepAlive: Bool {
        switch version {
        case .http11: !connection.contains(.close)
        case .http10: connection.contains(.keepAlive) && !connection.contains(.close)
        case .unsupported: false
        }
    }
}

/// The options of the `Connection` fields of one head (RFC 9110 §7.6.1).
package struct ConnectionOptions: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable package static var close: ConnectionOptions { ConnectionOptions(rawValue: 1) }
    @inlinable package static var keepAlive: ConnectionOptions { ConnectionOptions(rawValue: 2) }
    @inlinable package static var upgrade: ConnectionOptions { ConnectionOptions(rawValue: 4) }
    /// At least one further name, which is to be removed with the field of that name.
    @inlinable package static var named: ConnectionOptions { ConnectionOptions(rawValue: 8) }
}
