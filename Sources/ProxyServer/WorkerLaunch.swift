import CLinux
import Configuration
import EventLoop
import Wire

/// How a worker's start went.
enum WorkerStart: Sendable {
    case running(EventLoop.Backend)
    case failed(String)
}

/// What a worker's thread begins with. The loop is made on that thread, since io_uring's single issuer is the thread that made
/// the ring.
struct WorkerLaunch: Sendable {
    let index: Int
    let waker: Waker
    let sockets: [BoundSocket]
    let state: ServerState
    let shared: SharedParts
    let ready: Reply<WorkerStart>
    /// Whether to stay on one core: where there are several workers, so that each keeps its caches.
    let pins: Bool

    func run() {
        if pins { _ = clinux_pin_to_cpu(Int32(index)) }
        do throws(LoopFailure) {
            let loop = try EventLoop(backend: wanted, waker: waker)
            let worker = try Worker(
                index: index, loop: loop, ports: sockets.map(\.address.port), state: state, shared: shared)
            for (tag, socket) in sockets.enumerated() { loop.listen(socket, tag: UInt32(tag)) }
            ready.give(.running(loop.backend))
            worker.run()
        } catch {
            ready.give(.failed(explanation(error)))
        }
    }

    private var wanted: EventLoop.Backend? {
        switch state.snapshot.io {
        case .auto: nil
        case .uring: .uring
        case .epoll: .epoll
        }
    }

    private func explanation(_ failure: LoopFailure) -> String {
        failure.operation == "io_uring_setup"
            ? "The kernel refuses io_uring (errno \(failure.errno)); container hosts often do. Use --io auto or --io epoll."
            : "A worker could not start: \(failure)."
    }
}
