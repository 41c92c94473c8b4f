import Configuration
import Diagnosis
import ProxyCore
import WebSocketWire
import Wire

/// What a session needs whose payloads are read: enforcement of the rules, lines for messages. Most sessions have none.
final class SpecialRelay {
    private var clientValidator: MessageValidator?
    private var serverValidator: MessageValidator?
    private var clientObserver: MessageObserver?
    private var serverObserver: MessageObserver?
    /// Whether what went to a side so far ends at a frame's end; under enforcement this differs from what came.
    private var atBoundaryDownstream = true
    private var atBoundaryUpstream = true
    /// Whether a valid close frame has gone to a side.
    private var closedDownstream = false
    private var closedUpstream = false
    /// The close code for the side that broke no rule, where it differs from the other's.
    var otherCode: (side: Side, code: CloseCode)?

    let enforces: Bool
    /// Each message has a line.
    let logsMessages: Bool
    /// What the server's first messages are still listened to for: a refusal that comes inside of the session.
    private(set) var listens: Bool
    private(set) var heard: (signs: SignSet, evidence: [(sign: Sign, evidence: Evidence)])?
    private var messagesHeard = 0
    private var clientIdentified = false
    private let limits: MessageLimits
    /// After so many messages of the server's, none is expected any more.
    private static let attention = 8
    private static let excerpt = 512
    /// Counts the client's messages against the route's limit; nil without one.
    var meter: MessageMeter?
    /// When a client that sent too much is read again.
    var readsOnAt = Timestamp.never
    /// The side that broke a rule; what it says afterwards is neither read nor relayed.
    var violator: Side?

    /// Nil where the configuration asks for nothing of this.
    ///
    /// - Parameters:
    ///   - messageLimit: the route's own for the size of a message, which is enforced with all that belongs to it.
    ///   - listens: whether a library may refuse by a message.
    init?(
        _ websocket: WebSocketSettings, _ log: LogSettings, agreement: @autoclosure () -> ExtensionAgreement,
        messageLimit: UInt64? = nil, meter: MessageMeter? = nil, listens: Bool = false
    ) {
        enforces = websocket.enforce || messageLimit != nil
        logsMessages = log.frames
        self.listens = listens
        self.meter = meter
        var limits = MessageLimits()
        if websocket.messageLimit > 0 { limits.size = websocket.messageLimit }
        if let messageLimit { limits.size = messageLimit }
        self.limits = limits
        guard enforces || logsMessages || listens || meter != nil else { return nil }
        let agreement = agreement()
        if enforces {
            clientValidator = MessageValidator(direction: .clientToServer, agreement: agreement, limits: limits)
            serverValidator = MessageValidator(direction: .serverToClient, agreement: agreement, limits: limits)
        }
        if logsMessages || listens {
            let length = max(logsMessages ? log.frameBytes : 0, listens ? SpecialRelay.excerpt : 0)
            shown = logsMessages ? log.frameBytes : 0
            clientObserver = MessageObserver(direction: .clientToServer, agreement: agreement, excerptLength: length)
            serverObserver = MessageObserver(direction: .serverToClient, agreement: agreement, excerptLength: length)
        }
    }

    /// How much of a message its line shows.
    private(set) var shown = 0

    /// Nothing is left to do but to relay.
    var isIdle: Bool { !listens && !enforces && !logsMessages && meter == nil && heard == nil }

    /// Listens to one of the first messages.
    func hear(_ direction: Direction, _ message: MessageObserver.Message) {
        guard message.opcode == .text || message.opcode == .binary else { return }
        if direction == .clientToServer {
            clientIdentified = clientIdentified || SpokenReading.carriesCredentials(message.excerpt)
            return
        }
        messagesHeard += 1
        if messagesHeard >= SpecialRelay.attention { listens = false }
        guard heard == nil, let refusal = SpokenReading.refusal(message.excerpt) else { return }
        listens = false
        var signs = refusal.signs
        if clientIdentified { signs.insert(.hasCredentials) }
        heard = (
            signs,
            [(refusal.sign, Evidence(what: "message from upstream", observed: refusal.words, expected: "an accepted connection"))]
        )
    }

    /// Hands out the messages that end in these bytes.
    func observe(_ direction: Direction, _ bytes: RawSpan, _ take: (MessageObserver.Message) -> Void) {
        if direction == .clientToServer { clientObserver?.observe(bytes, take) } else { serverObserver?.observe(bytes, take) }
    }

    /// Another server takes the place of the one that was heard so far, at the beginning of its stream and without extensions.
    func restartServer() {
        if serverValidator != nil { serverValidator = MessageValidator(direction: .serverToClient, limits: limits) }
        if serverObserver != nil {
            serverObserver = MessageObserver(
                direction: .serverToClient, excerptLength: max(shown, listens ? SpecialRelay.excerpt : 0))
        }
        atBoundaryDownstream = true
        closedDownstream = false
    }

    /// What of these bytes may go on; nil without enforcement.
    func judge(_ direction: Direction, _ bytes: RawSpan) -> MessageValidator.Judgement? {
        let judgement = direction == .clientToServer ? clientValidator?.judge(bytes) : serverValidator?.judge(bytes)
        if let judgement {
            if direction == .clientToServer {
                atBoundaryUpstream = judgement.endsAtFrameBoundary
                closedUpstream = judgement.isClosed
            } else {
                atBoundaryDownstream = judgement.endsAtFrameBoundary
                closedDownstream = judgement.isClosed
            }
        }
        return judgement
    }

    /// Whether the other side's own close frame has gone to this side under enforcement.
    func hasClosed(towards side: Side) -> Bool { side == .downstream ? closedDownstream : closedUpstream }

    /// Whether a close frame may follow what has gone to this side under enforcement.
    func isAtFrameBoundary(towards side: Side) -> Bool { side == .downstream ? atBoundaryDownstream : atBoundaryUpstream }
}
