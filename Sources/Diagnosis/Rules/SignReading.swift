import HTTPWire
import Wire

/// The signs of one exchange as they are found, each with the place that shows it.
struct SignReading {
    private(set) var set = SignSet()
    private(set) var traces: [(sign: Sign, trace: Trace)] = []

    /// Where a sign was seen; evidence is worded from it only if a verdict needs it.
    enum Trace {
        case requestLine
        case requestField(FieldName)
        case requestFieldAt(Int)
        case statusLine
        case responseField(FieldName)
        case responseFieldAt(Int)
        /// A range of the body's start.
        case body(Range<Int>)
        case failure
        case note(String)
    }

    /// Without traces there is nothing to word evidence from: enough for a session that opened.
    private let keepsTraces: Bool

    init(keepsTraces: Bool = true) { self.keepsTraces = keepsTraces }

    mutating func add(_ sign: Sign) { set.insert(sign) }

    mutating func add(_ sign: Sign, _ trace: @autoclosure () -> Trace) {
        if keepsTraces, !set.contains(sign) { traces.append((sign, trace())) }
        set.insert(sign)
    }

    mutating func add(_ sign: Sign, if condition: Bool) {
        if condition { set.insert(sign) }
    }

    mutating func add(all signs: SignSet) { set.formUnion(signs) }

    mutating func remove(_ sign: Sign) { set.remove(sign) }

    func has(_ sign: Sign) -> Bool { set.contains(sign) }

    func trace(of sign: Sign) -> Trace? { traces.first { $0.sign == sign }?.trace }
}
