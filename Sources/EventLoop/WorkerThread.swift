import CLinux

/// A thread of the process, by the kernel's own call: Dispatch's pools move work about, and a loop must stay where it is.
public enum WorkerThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// A handle to wait for the thread's end.
    public struct Handle: Sendable {
        fileprivate let value: UInt64

        public func join() { _ = clinux_join(value) }
    }

    /// Runs `body` on a new thread; nil where the kernel gives none. `name` has at most 15 characters.
    @discardableResult
    public static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Handle? {
        let box = Unmanaged.passRetained(Body(body))
        var thread: UInt64 = 0
        let result = clinux_spawn(
            name, 2 << 20,
            { raw in
                guard let raw else { return }
                Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run()
            }, box.toOpaque(), &thread)
        guard result >= 0 else {
            box.release()
            return nil
        }
        return Handle(value: thread)
    }
}
