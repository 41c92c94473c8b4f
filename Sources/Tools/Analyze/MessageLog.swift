import Diagnosis
import HTTPWire
import WebSocketWire
import Wire

/// The messages and control frames of one session, in the order of their ends, for those who asked to see them.
///
/// Bounded: `limit` bytes of payload a session; what comes then is counted and not kept.
struct MessageLog {
    struct Entry {
        var direction: Direction
        var time: Timestamp
        var message: MessageObserver.Message
    }

    /// One observer for each direction; classes, since an observer can't be copied and a log is a value.
    private final class Observer {
        var observer: MessageObserver
        init(_ observer: consuming MessageObserver) { self.observer = observer }
    }

    private(set) var entries: [Entry] = []
    /// Messages that were not kept.
    private(set) var omitted: UInt64 = 0
    private var kept = 0
    private let client: Observer
    private let server: Observer
    private var isLost = (client: false, server: false)

    /// Payload bytes that one session may keep.
    static let limit = 8 << 20
    /// Bytes of one message.
    static let longest = 1 << 20

    init(request: RequestHead?, response: ResponseHead?) {
        let agreement = MessageLog.agreement(request, response)
        client = Observer(MessageObserver(direction: .clientToServer, agreement: agreement, excerptLength: MessageLog.longest))
        server = Observer(MessageObserver(direction: .serverToClient, agreement: agreement, excerptLength: MessageLog.longest))
    }

    /// What both heads agreed on.
    static func agreement(_ request: RequestHead?, _ response: ResponseHead?) -> ExtensionAgreement {
        guard let response, response.has(.secWebSocketExtensions) else { return ExtensionAgreement() }
        func list(_ head: MessageHead) -> ExtensionList {
            var list = ExtensionList()
            for value in head.values(of: .secWebSocketExtensions) { list.append(head.bytes.span.bytes.extracting(value)) }
            return list
        }
        return ExtensionAgreement(offered: request.map { list($0) } ?? ExtensionList(), answered: list(response))
    }

    mutating func observe(_ direction: Direction, _ bytes: RawSpan, at time: Timestamp) {
        if direction == .clientToServer ? isLost.client : isLost.server { return }
        let source = direction == .clientToServer ? client : server
        var found: [MessageObserver.Message] = []
        source.observer.observe(bytes) { found.append($0) }
        for message in found {
            guard kept + message.excerpt.count <= MessageLog.limit, entries.count < 1_000_000 else {
                omitted += 1
                continue
            }
            kept += message.excerpt.count
            entries.append(Entry(direction: direction, time: time, message: message))
        }
    }

    /// Bytes are missing: where messages begin isn't known any more.
    mutating func missed(_ direction: Direction, _ count: UInt64) {
        if direction == .clientToServer { isLost.client = true } else { isLost.server = true }
    }

    /// Whether a direction can't be read to its end.
    var isCut: Bool { isLost.client || isLost.server || omitted > 0 }
}
