import Glibc

/// Asks `condition` until it gives a value, at most for `seconds`.
///
/// The way in which every test here waits: a deadline and a condition, never a fixed sleep.
func eventually<Value>(within seconds: Double = 10, _ condition: () throws -> Value?) throws -> Value? {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
        if let value = try condition() { return value }
        if ContinuousClock.now >= deadline { return nil }
        usleep(2_000)
    }
}

/// The same for a condition that only holds or doesn't.
func holds(within seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
        if try condition() { return true }
        if ContinuousClock.now >= deadline { return false }
        usleep(2_000)
    }
}

/// How long `work` took, in seconds.
func seconds(of work: () throws -> Void) rethrows -> Double {
    let duration = try ContinuousClock().measure(work)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}
