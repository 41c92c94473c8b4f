public import Synchronization
public import Wire

/// The cells of a worker's metrics: one slab of relaxed atomics, written by that worker, read by the scrape.
///
/// Only the worker writes, so an update is a load, an addition and a store without a locked instruction; the atomics
/// are there for the reader on another thread. A slab belongs to one worker, so workers never share a cache line.
public struct Counter: Sendable {
    @usableFromInline let cell: MetricSlab.Cell

    @inlinable init(cell: MetricSlab.Cell) { self.cell = cell }

    /// Adds on the worker that owns the cell.
    @inlinable public func add(_ count: UInt64 = 1) { cell.add(count) }

    /// What was counted so far.
    public var value: UInt64 { cell.value }
}

/// A number that goes up and down. The sum over the workers is what is shown.
public struct Gauge: Sendable {
    @usableFromInline let cell: MetricSlab.Cell

    @inlinable init(cell: MetricSlab.Cell) { self.cell = cell }

    /// Adds (or takes away) on the worker that owns the cell.
    @inlinable public func add(_ difference: Int) { cell.add(UInt64(bitPattern: Int64(difference))) }

    /// Puts a value on the worker that owns the cell.
    @inlinable public func set(_ value: Int) { cell.set(UInt64(bitPattern: Int64(value))) }

    public var value: Int { Int(Int64(bitPattern: cell.value)) }
}

/// A distribution of lengths of time over fixed buckets.
public struct Histogram: Sendable {
    /// One cell for each bound, one for what lies above, and one for the sum in nanoseconds.
    let cells: MetricSlab.Cell
    let bounds: MetricBounds

    /// Adds one observation on the worker that owns the cells.
    public func observe(_ span: TimeSpan) {
        var index = 0
        while index < bounds.count, span.nanoseconds > bounds.nanoseconds[index] { index += 1 }
        cells.at(index).add(1)
        cells.at(bounds.count + 1).add(span.nanoseconds)
    }

    /// Observations so far.
    public var count: UInt64 { (0...bounds.count).reduce(0) { $0 &+ cells.at($1).value } }
}

/// The upper bounds of a histogram's buckets, in nanoseconds, ascending; they live as long as the process.
struct MetricBounds: @unchecked Sendable {
    // Sendable by hand: written once, before anybody else has the pointer, and never freed.
    let nanoseconds: UnsafePointer<UInt64>
    let count: Int

    init(milliseconds: [Double]) {
        let place = UnsafeMutablePointer<UInt64>.allocate(capacity: milliseconds.count)
        for (index, bound) in milliseconds.enumerated() { place[index] = UInt64(bound * 1_000_000) }
        nanoseconds = UnsafePointer(place)
        count = milliseconds.count
    }

    /// 0.1 ms to 10 s: connecting, handshakes.
    static let quick = MetricBounds(
        milliseconds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000])
    /// 10 µs to 1 s: the loop's lag.
    static let lag = MetricBounds(milliseconds: [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000])
    /// 1 s to a day: sessions, with the timers that people set on the way (30 s, 60 s, 100 s, 1 h).
    static let long = MetricBounds(
        milliseconds: [1, 5, 10, 30, 60, 100, 300, 900, 1800, 3600, 14400, 86400].map { $0 * 1000 })
}

/// A worker's block of cells, handed out in order while the metrics are set up.
public final class MetricSlab: @unchecked Sendable {
    // Sendable by hand: the pointer never changes and what it points at is atomic.
    let cells: UnsafeMutablePointer<Atomic<UInt64>>
    let capacity: Int
    private(set) var used = 0

    init(capacity: Int) {
        self.capacity = capacity
        cells = .allocate(capacity: capacity)
        for index in 0..<capacity { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: capacity)
        cells.deallocate()
    }

    /// What the cell at `index` holds.
    func value(at index: Int) -> UInt64 {
        precondition(index >= 0 && index < used, "MetricSlab: a cell that no metric has")
        return cells[index].load(ordering: .relaxed)
    }

    /// The next `count` cells.
    func take(_ count: Int) -> Cell {
        precondition(capacity - used >= count, "MetricSlab: more metrics than cells; raise its capacity")
        defer { used += count }
        return Cell(pointer: cells + used)
    }

    /// One cell, or the first of several.
    ///
    /// It does not keep its slab alive: `WorkerMetrics` and `EndpointMetrics` hold both.
    @usableFromInline
    struct Cell: @unchecked Sendable {
        // Sendable by hand: an atomic behind a pointer that never changes.
        @usableFromInline let pointer: UnsafeMutablePointer<Atomic<UInt64>>

        @inlinable init(pointer: UnsafeMutablePointer<Atomic<UInt64>>) { self.pointer = pointer }

        @inlinable
        func add(_ count: UInt64) {
            pointer.pointee.store(pointer.pointee.load(ordering: .relaxed) &+ count, ordering: .relaxed)
        }

        @inlinable
        func set(_ value: UInt64) { pointer.pointee.store(value, ordering: .relaxed) }

        var value: UInt64 { pointer.pointee.load(ordering: .relaxed) }

        @inlinable func at(_ index: Int) -> Cell { Cell(pointer: pointer + index) }
    }
}
