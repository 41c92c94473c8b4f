import Admin
import Configuration
import EventLoop
import HTTPWire
import Synchronization
import Wire

/// A question that a worker passes on: somebody asked on the public port.
struct AdminQuestion: Sendable {
    var request: AdminRequest
    var headOnly: Bool
    var worker: Int
    var slot: UInt32
    var session: SessionID
}

/// The admin endpoints: a thread and loop of their own, so that load on the public port doesn't silence them, nor they it.
///
/// Requests are small and answers complete: each connection gets one answer and is closed. Who takes too long for its head is closed before,
/// and who leaves an answer lying soon after (`PendingHeads`).
final class AdminServer: Sendable {
    private static let headLimit = 16 << 10
    /// From accept to the end of the head.
    private static let headTimeout = TimeSpan.seconds(5)
    /// From then on to the end of the connection.
    private static let answerTimeout = TimeSpan.seconds(10)
    /// In a timer's owner, above slot and generation: the time for the answer, not that for the head.
    private static let answerMark: UInt64 = 1 << 48

    let address: SocketAddress?
    private let socket: BoundSocket?
    private let router: AdminRouter
    private let desk: AdminDesk
    private let waker: Waker
    private let questions: Mailbox<AdminQuestion>
    private let stopped = Atomic<Bool>(false)
    private let givenAway = Atomic<Bool>(false)
    private let thread = Mutex<WorkerThread.Handle?>(nil)

    /// Binds, if there is an admin listener. Without one, it still answers for the public port.
    ///
    /// - Parameter passed: the socket of the process before
    init(
        _ settings: AdminSettings, shared: SharedParts, status: ProcessStatus, ledgers: LedgerSource, passed: BoundSocket? = nil
    ) throws(LoopFailure) {
        guard let waker = Waker() else { throw LoopFailure(operation: "eventfd", errno: 24) }
        self.waker = waker
        questions = Mailbox(capacity: 256, waker: waker)
        if let listener = settings.listener {
            let bound: BoundSocket
            if let passed { bound = passed } else { bound = try BoundSocket.bind(listener, shared: false) }
            socket = bound
            address = bound.address
        } else {
            socket = nil
            address = nil
        }
        router = AdminRouter(token: settings.token?.revealed)
        desk = AdminDesk(shared: shared, status: status, ledgers: ledgers)
    }

    func start() {
        let handle = WorkerThread.start(name: "gh-admin") { [self] in serve() }
        thread.withLock { $0 = handle }
    }

    func stop() {
        stopped.store(true, ordering: .relaxed)
        waker.wake()
        thread.withLock { $0 }?.join()
    }

    /// The listener, for a process that takes it over.
    var descriptor: Int32? { socket?.descriptor }

    /// Another process accepts there now. The public port's questions are answered still.
    func giveAway() {
        givenAway.store(true, ordering: .relaxed)
        waker.wake()
    }

    /// Takes a question from a worker; false when too many wait already.
    func ask(_ question: AdminQuestion) -> Bool { questions.post(question) }

    private func serve() {
        guard let loop = try? EventLoop(backend: .epoll, waker: waker, maximumConnections: 1024) else { return }
        if let socket { loop.listen(socket, tag: 0) }
        var heads = PendingHeads<ConnectionID>(headLimit: AdminServer.headLimit)
        while !stopped.load(ordering: .relaxed) {
            loop.wait()
            while let completion = loop.next() { handle(completion, loop, &heads) }
        }
    }

    private func handle(_ completion: Completion, _ loop: EventLoop, _ heads: inout PendingHeads<ConnectionID>) {
        switch completion {
        case .accepted(_, let connection):
            if let eldest = heads.accepted(connection) { loop.close(eldest, .now) }
            loop.startReceiving(connection)
            loop.setOwner(connection, UInt64(connection.slot))
            _ = loop.schedule(owner: AdminServer.owner(connection), at: loop.now + AdminServer.headTimeout)
        case .received(let connection, _, let chunk):
            let reading = heads.received(connection, chunk.bytes)
            loop.release(chunk)
            switch reading {
            case .waiting, .surplus: break
            case .tooLarge: answer(.headTooLarge(limit: AdminServer.headLimit), headOnly: false, loop, connection)
            case .whole(let bytes): answer(RequestHead(copy: bytes), loop, connection)
            }
        case .finished(let connection, _), .failed(let connection, _, _):
            heads.forget(connection)
            loop.close(connection, .afterSending)
        case .timer(let owner): timeIsUp(owner, loop, &heads)
        case .woken:
            if givenAway.load(ordering: .relaxed) { loop.stopListening(tag: 0, givingAway: true) }
            for question in questions.takeAll() { answer(question) }
        default: break
        }
    }

    private static func owner(_ connection: ConnectionID) -> UInt64 {
        UInt64(connection.slot) | UInt64(connection.generation & 0xFFFF) << 32
    }

    /// The time for the head is up; or that for the answer, which nobody reads to its end.
    private func timeIsUp(_ owner: UInt64, _ loop: EventLoop, _ heads: inout PendingHeads<ConnectionID>) {
        let pending = heads.eldest { AdminServer.owner($0) == owner }
        if owner & AdminServer.answerMark == 0, pending == nil {
            // It may be long gone: then the slot's generation is another.
            _ = loop.schedule(owner: owner | AdminServer.answerMark, at: loop.now + AdminServer.answerTimeout)
            return
        }
        if let pending { heads.forget(pending) }
        loop.closeIfSame(slot: UInt32(truncatingIfNeeded: owner), lowGeneration: UInt32(truncatingIfNeeded: owner >> 32) & 0xFFFF)
    }

    private func answer(_ head: RequestHead, _ loop: EventLoop, _ connection: ConnectionID) {
        let request = head.isForwardable ? AdminDesk.request(head, router) : .misdirected
        answer(request, headOnly: head.method == .head, loop, connection)
    }

    /// Sends the answer and ends our side of the connection; what still comes is read and dropped, until its other end has the answer.
    private func answer(_ request: AdminRequest, headOnly: Bool, _ loop: EventLoop, _ connection: ConnectionID) {
        let bytes = AdminDesk.bytes(desk.answer(request), headOnly: headOnly, keepAlive: false)
        bytes.withUnsafeBytes { loop.send(connection, copying: $0) }
        loop.finish(connection)
    }

    private func answer(_ question: AdminQuestion) {
        let response = desk.answer(question.request)
        let bytes = AdminDesk.bytes(response, headOnly: question.headOnly, keepAlive: false)
        _ = desk.shared.mailboxes[question.worker].post(
            .adminAnswer(slot: question.slot, session: question.session, status: response.status, bytes: bytes))
    }
}
