import CLinux
import Configuration
import EventLoop
import Wire

/// How a worker's start went.
enum WorkerStart: Sendable {
    case running(EventLoop.Backend)
    case failed(String)
}

/// A socket that a worker accepts from. Usually one for each listener; where another number of workers bound them, some have several.
struct WorkerSocket: Sendable {
    let listener: Int
    let socket: BoundSocket
}

/// What a worker's thread begins with. The loop is made on that thread, since io_uring's single issuer is the thread that made
/// the ring.
struct WorkerLaunch: Sendable {
    let index: Int
    let waker: Waker
    let sockets: [WorkerSocket]
    /// Of the listeners, by their index.
    let ports: [UInt16]
    let state: ServerState
    let shared: SharedParts
    let ready: Reply<WorkerStart>
    /// What the loop may take for bytes on their way.
    let memory: LoopMemory
    /// Whether to stay on one core: where there are several workers, so that each keeps its caches.
    let pins: Bool

    func run() {
        if pins { _ = clinux_pin_to_cpu(Int32(index)) }
        do throws(LoopFailure) {
            let loop = try EventLoop(backend: wanted, waker: waker, memory: memory)
            let worker = try Worker(
                index: index, loop: loop, ports: ports, state: state, shared: shared)
            for each in sockets { loop.listen(each.socket, tag: UInt32(each.listener)) }
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
