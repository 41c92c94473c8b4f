import Admin
import Configuration
import EventLoop
import HTTPWire
import Synchronization
import Telemetry
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
/// Requests are small and answers complete: each connection gets one answer and is closed.
final class AdminServer: Sendable {
    static let headLimit = 16 << 10
    static let connectionLimit = 64

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
        _ settings: AdminSettings, shared: SharedParts, status: ProcessStatus, redaction: LogRedaction, passed: BoundSocket? = nil
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
        desk = AdminDesk(shared: shared, status: status, renderer: AdminRenderer(redaction: redaction), redaction: redaction)
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
        var heads: [ConnectionID: [UInt8]] = [:]
        while !stopped.load(ordering: .relaxed) {
            loop.wait()
            while let completion = loop.next() { handle(completion, loop, &heads) }
        }
    }

    private func handle(_ completion: Completion, _ loop: EventLoop, _ heads: inout [ConnectionID: [UInt8]]) {
        switch completion {
        case .accepted(_, let connection):
            guard heads.count < AdminServer.connectionLimit else { return loop.close(connection, .now) }
            heads[connection] = []
            loop.startReceiving(connection)
            loop.setOwner(connection, UInt64(connection.slot))
            _ = loop.schedule(
                owner: UInt64(connection.slot) | UInt64(connection.generation & 0xFFFF) << 32, at: loop.now + .seconds(10))
        case .received(let connection, _, let chunk):
            heads[connection]?.append(contentsOf: chunk.bytes)
            loop.release(chunk)
            guard let bytes = heads[connection] else { return }
            var scanner = HeadScanner(limit: AdminServer.headLimit)
            switch scanner.scan(bytes.span.bytes) {
            case .needMore: return
            case .tooLarge:
                heads[connection] = nil
                loop.close(connection, .now)
            case .complete(let length):
                heads[connection] = nil
                answer(RequestHead(copy: Array(bytes[..<length])), loop, connection)
            }
        case .finished(let connection, _), .failed(let connection, _, _):
            heads[connection] = nil
            loop.close(connection, .afterSending)
        case .timer(let owner):
            loop.closeIfSame(slot: UInt32(truncatingIfNeeded: owner), lowGeneration: UInt32(truncatingIfNeeded: owner >> 32))
            heads = heads.filter { $0.key.slot != UInt32(truncatingIfNeeded: owner) }
        case .woken:
            if givenAway.load(ordering: .relaxed) { loop.stopListening(tag: 0, givingAway: true) }
            for question in questions.takeAll() { answer(question) }
        default: break
        }
    }

    private func answer(_ head: RequestHead, _ loop: EventLoop, _ connection: ConnectionID) {
        let request = head.isForwardable ? AdminDesk.request(head, router) : .misdirected
        let bytes = AdminDesk.bytes(desk.answer(request), headOnly: head.method == .head, keepAlive: false)
        bytes.withUnsafeBytes { loop.send(connection, copying: $0) }
        loop.finish(connection)
    }

    private func answer(_ question: AdminQuestion) {
        let bytes = AdminDesk.bytes(desk.answer(question.request), headOnly: question.headOnly, keepAlive: false)
        _ = desk.shared.mailboxes[question.worker].post(.adminAnswer(slot: question.slot, session: question.session, bytes: bytes))
    }
}
