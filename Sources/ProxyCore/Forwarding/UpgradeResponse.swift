package import HTTPWire
import WebSocketWire

/// Whether a 101 opens a tunnel: everything that RFC 6455 §4.1 lets a client check, checked before a byte goes on.
///
/// A 101 that fails here is a 502. Status codes other than 101 never come here: they are ordinary responses.
package enum UpgradeResponse {
    /// The first thing that is wrong with a 101 to `request`, or nil if the tunnel may open.
    package static func fault(of response: ResponseHead, to request: RequestHead) -> ResponseFault? {
        if let fault = response.refusal { return .head(fault) }
        let bytes = response.bytes
        if response.section.has(KnownField.contentLength) || response.section.has(KnownField.transferEncoding) {
            return .switchingProtocolsWithLength
        }
        let protocols = response.elements(of: .upgrade)
        guard protocols.count == 1, bytes.matches("websocket", at: protocols[0]) else { return .upgradeFieldWrong }
        guard response.connection.contains(.upgrade) else { return .connectionOptionMissing }
        return acceptKeyFault(response, request) ?? subprotocolFault(response, request) ?? extensionFault(response, request)
    }

    private static func acceptKeyFault(_ response: ResponseHead, _ request: RequestHead) -> ResponseFault? {
        guard let index = response.section.firstIndex(of: .secWebSocketAccept) else { return .acceptKeyMissing }
        if response.section.index(of: .secWebSocketAccept, from: index + 1) != nil { return .acceptKeyRepeated }
        guard let key = request.value(of: .secWebSocketKey) else { return .acceptKeyWrong }
        let accept = Array(response.bytes[response.fields[index].value])
        let offered = Array(request.bytes[key])
        return AcceptKey.verify(unsafe accept.span.bytes, key: unsafe offered.span.bytes) ? nil : .acceptKeyWrong
    }

    private static func subprotocolFault(_ response: ResponseHead, _ request: RequestHead) -> ResponseFault? {
        guard response.section.has(KnownField.secWebSocketProtocol) else { return nil }
        let chosen = response.elements(of: .secWebSocketProtocol)
        guard response.count(of: .secWebSocketProtocol) == 1, chosen.count < 2 else { return .subprotocolRepeated }
        guard let name = chosen.first else { return .subprotocolNotOffered }
        // Subprotocols are compared octet by octet (RFC 6455 §11.5).
        let isOffered = request.elements(of: .secWebSocketProtocol).contains {
            request.bytes[$0].elementsEqual(response.bytes[name])
        }
        return isOffered ? nil : .subprotocolNotOffered
    }

    private static func extensionFault(_ response: ResponseHead, _ request: RequestHead) -> ResponseFault? {
        let offers = request.elements(of: .secWebSocketExtensions).compactMap { name(of: $0, in: request.bytes) }
        for element in response.elements(of: .secWebSocketExtensions) {
            guard let chosen = name(of: element, in: response.bytes), offers.contains(chosen) else {
                return .extensionNotOffered
            }
        }
        return nil
    }

    private static func name(of element: Range<Int>, in bytes: [UInt8]) -> [UInt8]? {
        var parameters = FieldParameters(element)
        return parameters.next(in: bytes).map { bytes[$0.name].map(\.lowercased) }
    }
}
