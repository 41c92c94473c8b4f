import HTTPWire
import Wire

/// Writes `X-Forwarded-For/Proto/Host/Port` and `Forwarded` (RFC 7239).
///
/// From a trusted peer the lists go on with one more hop, and its word about scheme, host and port stands; from anybody
/// else they begin with us (threat B20). Both families always say the same: the one that is believed (`ForwardedFamily`)
/// goes on, and the other is made from it, so that a backend which prefers the other takes neither the edge for the client
/// nor a client's own word for the edge's.
enum ForwardedFields {
    static func write(_ head: RequestHead, _ context: borrowing ForwardingContext, into writer: inout HeadWriter) {
        let section = head.section
        let identity = context.identity
        guard identity.peerIsTrusted, section.present & ForwardedFields.all != 0 else {
            return writeFresh(head, identity, context.listenerPort, into: &writer)
        }
        let hasForwarded = identity.readsForwarded
        let hasList = !hasForwarded && section.has(KnownField.xForwardedFor)
        let scheme = hasForwarded ? nil : token(section, .xForwardedProto)
        let host = hasForwarded ? nil : authority(section, .xForwardedHost)

        writer.beginField("X-Forwarded-For")
        if hasList {
            copyList(section, .xForwardedFor, into: &writer)
        } else if hasForwarded {
            copyNodes(section, into: &writer)
        }
        writer.append(identity.peer)
        writer.endLine()

        writer.beginField("X-Forwarded-Proto")
        if let scheme {
            writer.append(section.bytes, scheme)
        } else {
            // Forwarded may have said it.
            writer.append(identity.isSecure ? "https" : "http")
        }
        writer.endLine()

        let named = host ?? identity.host ?? head.effectiveHost
        if let named { writer.field("X-Forwarded-Host", named, of: section.bytes) }
        if !hasForwarded, let port = number(section, .xForwardedPort) {
            writer.field("X-Forwarded-Port", port, of: section.bytes)
        } else {
            // The listener's port is not the one that a client of the edge used.
            let stated = named.flatMap { Authority(section.bytes, $0)?.port }
            writer.field("X-Forwarded-Port", UInt64(stated ?? (identity.isSecure ? 443 : 80)))
        }

        writer.beginField("Forwarded")
        if hasForwarded {
            copyList(section, .forwarded, into: &writer)
        } else if hasList {
            copyAsElements(section, scheme, host, into: &writer)
        }
        writer.append("for=")
        writeNode(identity.peer, into: &writer)
        if let named = head.effectiveHost { writeHost(section, named, into: &writer) }
        writer.append(identity.peerIsSecure ? ";proto=https" : ";proto=http")
        writer.endLine()
    }

    private static var all: UInt64 {
        KnownField.xForwardedFor.bit | KnownField.xForwardedProto.bit | KnownField.xForwardedHost.bit
            | KnownField.xForwardedPort.bit | KnownField.forwarded.bit
    }

    /// The five lines of nearly every request, in as few pieces as there are variables. The host was judged by the parser.
    private static func writeFresh(
        _ head: RequestHead, _ identity: ClientIdentity, _ port: UInt16, into writer: inout HeadWriter
    ) {
        let host = head.effectiveHost
        writer.beginLine()
        writer.append("X-Forwarded-For: ")
        writer.append(identity.peer)
        writer.append(identity.peerIsSecure ? "\r\nX-Forwarded-Proto: https\r\n" : "\r\nX-Forwarded-Proto: http\r\n")
        if let host {
            writer.append("X-Forwarded-Host: ")
            writer.append(head.bytes, host)
            writer.append("\r\nX-Forwarded-Port: ")
        } else {
            writer.append("X-Forwarded-Port: ")
        }
        writer.append(UInt64(port))
        writer.append("\r\nForwarded: for=")
        writeNode(identity.peer, into: &writer)
        if let host { writeHost(head.section, host, into: &writer) }
        writer.append(identity.peerIsSecure ? ";proto=https" : ";proto=http")
        writer.endLine()
    }

    /// `for` of our peer; IPv6 in brackets and quotes (RFC 7239 §6).
    private static func writeNode(_ address: SocketAddress, into writer: inout HeadWriter) {
        if !address.isV4 { writer.append("\"[") }
        writer.append(address)
        if !address.isV4 { writer.append("]\"") }
    }

    /// All elements of a list and a comma.
    private static func copyList(_ section: FieldSection, _ name: FieldName, into writer: inout HeadWriter) {
        for element in section.elements(of: name) {
            writer.append(section.bytes, element)
            writer.append(", ")
        }
    }

    /// The nodes of `Forwarded` as a list for `X-Forwarded-For`.
    private static func copyNodes(_ section: FieldSection, into writer: inout HeadWriter) {
        for element in section.elements(of: .forwarded) {
            guard let node = ForwardedElement(section.bytes, element).node else { continue }
            if let address = ForwardedElement.address(section.bytes, node) {
                writer.append(address)
            } else {
                writer.append("unknown")
            }
            writer.append(", ")
        }
    }

    /// The hops of `X-Forwarded-For` as elements for `Forwarded`; what the edge said of scheme and host stands with the
    /// first, since it saw the client.
    private static func copyAsElements(
        _ section: FieldSection, _ scheme: Range<Int>?, _ host: Range<Int>?, into writer: inout HeadWriter
    ) {
        var isFirst = true
        for node in section.elements(of: .xForwardedFor) {
            writer.append("for=")
            if let address = ForwardedElement.address(section.bytes, node) {
                writeNode(address, into: &writer)
            } else {
                writer.append("unknown")
            }
            if isFirst {
                if let host { writeHost(section, host, into: &writer) }
                if let scheme {
                    writer.append(";proto=")
                    writer.append(section.bytes, scheme)
                }
            }
            isFirst = false
            writer.append(", ")
        }
    }

    private static func writeHost(_ section: FieldSection, _ host: Range<Int>, into writer: inout HeadWriter) {
        let needsQuotes = !section.bytes.isToken(host)
        writer.append(needsQuotes ? ";host=\"" : ";host=")
        writer.append(section.bytes, host)
        if needsQuotes { writer.append("\"") }
    }

    private static func token(_ section: FieldSection, _ name: FieldName) -> Range<Int>? {
        guard let value = section.value(of: name) else { return nil }
        var elements = ListElements(value)
        return elements.next(in: section.bytes).flatMap { section.bytes.isToken($0) ? $0 : nil }
    }

    private static func authority(_ section: FieldSection, _ name: FieldName) -> Range<Int>? {
        section.value(of: name).flatMap { Authority(section.bytes, $0) == nil ? nil : $0 }
    }

    private static func number(_ section: FieldSection, _ name: FieldName) -> Range<Int>? {
        section.value(of: name).flatMap { value in
            (1...5).contains(value.count) && value.allSatisfy { section.bytes[$0].isDigit } ? value : nil
        }
    }
}
