import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Wire

/// What a session keeps on a route with `hold`. All others keep one empty pointer.
final class SessionHold {
    /// How far the attempt under way has come.
    enum Step {
        case none, connecting, securing, awaitingAnswer
    }

    var relay: HoldRelay
    /// The request that opened the session and all that was learnt of it: each new connection begins with the same.
    let exchange: Exchange
    /// What the first backend chose; nil: nothing.
    let subprotocol: [UInt8]?
    private var spareOutput = HoldOutput()

    // The attempt under way
    var step = Step.none
    var stepDeadline = Timestamp.never
    /// Endpoints that were tried since the loss.
    var tried = TriedEndpoints()
    var nextAddress = 0
    var firstAddress = 0
    var began = Timestamp.zero
    /// The request as it went out this time, with its own key.
    var sentRequest: RequestHead?
    var answer: [UInt8] = []
    var scanner: HeadScanner
    /// How many interim responses came before the answer.
    var interimResponses = 0
    /// Why the last attempt came to nothing.
    var lastFailure: String?

    // The loss
    /// How the transport ended that was lost last.
    var transportEnd = TransportEnd.finished
    var loss: HoldLoss?
    var unconfirmed: [ClosedRange<UInt64>] = []
    /// Whether the gauge counts it as held.
    var isCounted = false
    /// The reason of the close frame that ends it.
    var closeReason = ""

    init(_ policy: HoldPolicy, _ exchange: Exchange, subprotocol: [UInt8]?, nonce: UInt64, now: Timestamp) {
        relay = HoldRelay(policy, nonce: nonce, now: now)
        self.exchange = exchange
        self.subprotocol = subprotocol
        scanner = HeadScanner(limit: exchange.state.snapshot.limits.head)
    }

    /// An output for one input; the caller owns it until it gives it back.
    func takeOutput() -> HoldOutput {
        var output = HoldOutput()
        swap(&output, &spareOutput)
        return output
    }

    /// Keeps the output's buffers for the next input, unless they have grown large.
    func giveBack(_ output: inout HoldOutput) {
        guard output.toClient.capacity + output.toBackend.capacity <= 256 << 10 else { return }
        output.clear()
        swap(&output, &spareOutput)
    }

    /// Places in another cluster mean other endpoints; one that stands in both stays tried.
    func carryTried(from earlier: UpstreamCluster?, to cluster: UpstreamCluster?) {
        guard let earlier, let cluster else { return tried = TriedEndpoints() }
        var carried = TriedEndpoints()
        for (place, endpoint) in earlier.endpoints.enumerated() where tried.contains(place) {
            if let found = cluster.endpoints.firstIndex(where: { $0 === endpoint }) { carried.insert(found) }
        }
        tried = carried
    }

    /// Forgets the attempt under way.
    func resetAttempt() {
        step = .none
        stepDeadline = .never
        sentRequest = nil
        answer = []
        interimResponses = 0
        scanner.reset()
    }
}
