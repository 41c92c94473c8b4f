import Diagnosis
import HTTPWire
import WebSocketWire
import Wire

/// The messages and control frames of one session, in the order of their ends, for those who asked to see them.
///
/// Bounded: `limit` bytes of payload a session, and those of all open sessions together (`MessageBudget`); what comes then is counted and not
/// kept.
struct MessageLog {
    struct Entry {
        var direction: Direction
        var time: Timestamp
        var message: MessageObserver.Message
    }

    private(set) var entries: [Entry] = []
    /// Messages that were not kept, those excepted that are still open.
    private var counted: UInt64 = 0
    private var reasons: MessageOmission = []
    private let share: MessageBudget.Share
    private let client: MessageReader
    private let server: MessageReader

    /// Payload bytes that one session may keep.
    static let limit = 8 << 20
    /// Bytes of one message.
    static let longest = 1 << 20
    private static let most = 1_000_000

    init(request: RequestHead?, response: ResponseHead?, budget: MessageBudget) {
        let agreement = MessageLog.agreement(request, response)
        let share = MessageBudget.Share(budget, limit: MessageLog.limit)
        self.share = share
        client = MessageReader(direction: .clientToServer, agreement: agreement, longest: MessageLog.longest, share: share)
        server = MessageReader(direction: .serverToClient, agreement: agreement, longest: MessageLog.longest, share: share)
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
        let source = direction == .clientToServer ? client : server
        var found: [MessageObserver.Message] = []
        var holed: UInt64 = 0
        source.observe(bytes) { message in
            if let message { found.append(message) } else { holed += 1 }
        }
        if holed > 0 { omit(holed, .missing) }
        for message in found {
            // Of a message that is too long the beginning is shown, and of one that can't be inflated its size.
            let isShown = message.isWhole || message.excerpt.count == MessageLog.longest || message.isUnreadable
            let isOne = entries.count < MessageLog.most
            guard isShown, isOne, share.takeEntry() else {
                omit(1, isOne && share.isCrowdedOut ? .crowded : .long)
                share.giveBack(message.excerpt.count)
                continue
            }
            entries.append(Entry(direction: direction, time: time, message: message))
        }
    }

    /// Bytes are missing: a message of theirs, or where messages begin.
    mutating func missed(_ direction: Direction, _ count: UInt64) {
        (direction == .clientToServer ? client : server).missed(count)
    }

    /// So many messages are known to lack.
    mutating func omit(_ count: UInt64, _ why: MessageOmission) {
        guard count > 0 else { return }
        counted += count
        reasons.insert(why)
    }

    /// How many are open of which bytes are missing: their ends, which would tell, may be missing as well.
    private var open: UInt64 { (client.isHoledNow ? 1 : 0) + (server.isHoledNow ? 1 : 0) }

    /// Messages that were not kept.
    var omitted: UInt64 { counted + open }

    /// Why they were not.
    var omission: MessageOmission { open > 0 ? reasons.union(.missing) : reasons }

    /// Whether where messages begin isn't known any more, in one direction or both.
    var isLost: Bool { client.isLost || server.isLost }

    /// Whether messages are not in it, as far as it tells.
    var isCut: Bool { isLost || omitted > 0 }
}
