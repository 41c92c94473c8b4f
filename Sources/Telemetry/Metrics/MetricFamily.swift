/// One metric as Prometheus sees it: a name, a sentence, and cells for each combination of its labels.
struct MetricFamily: Sendable {
    enum Kind: Sendable {
        case counter
        case gauge
        case histogram(MetricBounds)

        var name: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }

        /// Cells for one combination of labels.
        var cells: Int {
            if case .histogram(let bounds) = self { bounds.count + 2 } else { 1 }
        }
    }

    /// Without the prefix `gatehouse_`.
    let name: String
    let help: String
    let kind: Kind
    /// The label's name and its values, the last label varying fastest.
    let labels: [(name: String, values: [String])]
    /// Whether a combination that never happened is left out: for large sets such as causes.
    let sparse: Bool
    /// The first of its cells in the slab.
    let offset: Int
}

/// A closed set of label values: the cases of an enumeration.
///
/// No label's value may come from a client: the number of time series is fixed when the process starts.
public protocol MetricLabel: CaseIterable, Hashable, Sendable {
    /// The value as it is shown.
    var label: String { get }
    /// The position among all cases.
    var position: Int { get }
}

extension MetricLabel where Self: RawRepresentable, RawValue == String {
    public var label: String { rawValue }
}

/// Counters of one name, told apart by one label.
public struct CounterFamily<Label: MetricLabel>: Sendable {
    @usableFromInline let cells: MetricSlab.Cell

    @inlinable public subscript(_ label: Label) -> Counter { Counter(cell: cells.at(label.position)) }
}

/// Gauges of one name, told apart by one label.
public struct GaugeFamily<Label: MetricLabel>: Sendable {
    @usableFromInline let cells: MetricSlab.Cell

    @inlinable public subscript(_ label: Label) -> Gauge { Gauge(cell: cells.at(label.position)) }
}

/// Histograms of one name, told apart by one label.
public struct HistogramFamily<Label: MetricLabel>: Sendable {
    let cells: MetricSlab.Cell
    let bounds: MetricBounds

    public subscript(_ label: Label) -> Histogram {
        Histogram(cells: cells.at(label.position * (bounds.count + 2)), bounds: bounds)
    }
}

/// Counters of one name, told apart by two labels.
public struct CounterGrid<Row: MetricLabel, Column: MetricLabel>: Sendable {
    @usableFromInline let cells: MetricSlab.Cell
    /// How many values the second label has.
    @usableFromInline let columns: Int

    @inlinable public subscript(_ row: Row, _ column: Column) -> Counter {
        Counter(cell: cells.at(row.position * columns + column.position))
    }
}

/// Builds the families of a slab in order, and hands out their cells.
struct MetricLayout {
    let slab: MetricSlab
    private(set) var families: [MetricFamily] = []

    init(slab: MetricSlab) { self.slab = slab }

    mutating func counter(_ name: String, _ help: String) -> Counter {
        Counter(cell: add(name, help, .counter, []))
    }

    mutating func gauge(_ name: String, _ help: String) -> Gauge {
        Gauge(cell: add(name, help, .gauge, []))
    }

    mutating func histogram(_ name: String, _ help: String, _ bounds: MetricBounds) -> Histogram {
        Histogram(cells: add(name, help, .histogram(bounds), []), bounds: bounds)
    }

    mutating func counters<Label: MetricLabel>(
        _ name: String, _ help: String, by label: String, sparse: Bool = false
    ) -> CounterFamily<Label> {
        CounterFamily(cells: add(name, help, .counter, [(label, Label.allCases.map(\.label))], sparse: sparse))
    }

    mutating func histograms<Label: MetricLabel>(
        _ name: String, _ help: String, _ bounds: MetricBounds, by label: String
    ) -> HistogramFamily<Label> {
        HistogramFamily(
            cells: add(name, help, .histogram(bounds), [(label, Label.allCases.map(\.label))]), bounds: bounds)
    }

    mutating func gauges<Label: MetricLabel>(_ name: String, _ help: String, by label: String) -> GaugeFamily<Label> {
        GaugeFamily(cells: add(name, help, .gauge, [(label, Label.allCases.map(\.label))]))
    }

    mutating func grid<Row: MetricLabel, Column: MetricLabel>(
        _ name: String, _ help: String, by row: String, _ column: String, sparse: Bool = false
    ) -> CounterGrid<Row, Column> {
        let labels = [(row, Row.allCases.map(\.label)), (column, Column.allCases.map(\.label))]
        return CounterGrid(
            cells: add(name, help, .counter, labels, sparse: sparse), columns: Column.allCases.count)
    }

    private mutating func add(
        _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ labels: [(name: String, values: [String])],
        sparse: Bool = false
    ) -> MetricSlab.Cell {
        let offset = slab.used
        families.append(
            MetricFamily(name: name, help: help, kind: kind, labels: labels, sparse: sparse, offset: offset))
        return slab.take(labels.reduce(kind.cells) { $0 * $1.values.count })
    }
}
