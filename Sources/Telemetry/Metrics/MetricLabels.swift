public import Diagnosis
public import Wire

// The closed sets that metrics are told apart by. Positions are constants for the small sets, because the
// subscripts use them at run time.

/// How an opening handshake came out.
public enum HandshakeOutcome: String, MetricLabel {
    /// A valid 101: the tunnel is open.
    case opened
    /// Somebody answered with something else, or with a wrong 101.
    case refused
    /// Nobody answered: no connection, a timeout, a cut.
    case failed
    /// The client left before the answer.
    case abandoned

    public static let allCases: [HandshakeOutcome] = [.opened, .refused, .failed, .abandoned]

    public var position: Int {
        switch self {
        case .opened: 0
        case .refused: 1
        case .failed: 2
        case .abandoned: 3
        }
    }
}

/// Which kinds of answers a request got.
public enum StatusClass: String, MetricLabel {
    case informational = "1xx"
    case success = "2xx"
    case redirect = "3xx"
    case clientError = "4xx"
    case serverError = "5xx"
    /// No response went out.
    case none

    public static let allCases: [StatusClass] = [
        .informational, .success, .redirect, .clientError, .serverError, .none,
    ]

    public init(status: Int) {
        let index = status / 100 - 1
        self = StatusClass.allCases.indices.contains(index) ? StatusClass.allCases[index] : .none
    }

    public var position: Int {
        switch self {
        case .informational: 0
        case .success: 1
        case .redirect: 2
        case .clientError: 3
        case .serverError: 4
        case .none: 5
        }
    }
}

/// Who ended a session first.
public enum Ender: String, MetricLabel {
    case downstream
    case upstream
    case gatehouse

    public static let allCases: [Ender] = [.downstream, .upstream, .gatehouse]

    public init(_ side: Side) { self = side == .downstream ? .downstream : .upstream }

    public var position: Int {
        switch self {
        case .downstream: 0
        case .upstream: 1
        case .gatehouse: 2
        }
    }
}

/// A close code as a label: the codes of RFC 6455 and the registry by number, the private ranges by class.
public struct CloseCodeClass: MetricLabel {
    public let position: Int

    /// Registered codes in order; after them 3xxx, 4xxx, invalid, and none (no close frame at all).
    private static let registered: [UInt16] = [
        1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
    ]

    public static let allCases: [CloseCodeClass] = (0..<registered.count + 4).map { CloseCodeClass(position: $0) }

    private init(position: Int) { self.position = position }

    /// The class of a close frame's code; 1005 stands for a close frame without a code, nil for no close frame.
    public init(code: UInt16?) {
        let count = CloseCodeClass.registered.count
        guard let code else {
            position = count + 3
            return
        }
        if let index = CloseCodeClass.registered.firstIndex(of: code) {
            position = index
        } else {
            position = (3000...3999).contains(code) ? count : (4000...4999).contains(code) ? count + 1 : count + 2
        }
    }

    public var label: String {
        let registered = CloseCodeClass.registered
        if position < registered.count { return String(registered[position]) }
        return ["3xxx", "4xxx", "invalid", "none"][position - registered.count]
    }
}

/// The opcodes of RFC 6455 §5.2.
public enum OpcodeLabel: String, MetricLabel {
    case continuation, text, binary, close, ping, pong
    case reserved

    public static let allCases: [OpcodeLabel] = [.continuation, .text, .binary, .close, .ping, .pong, .reserved]

    /// From the low four bits of a frame's first byte.
    public init(opcode: UInt8) {
        switch opcode {
        case 0x0: self = .continuation
        case 0x1: self = .text
        case 0x2: self = .binary
        case 0x8: self = .close
        case 0x9: self = .ping
        case 0xA: self = .pong
        default: self = .reserved
        }
    }

    public var position: Int {
        switch self {
        case .continuation: 0
        case .text: 1
        case .binary: 2
        case .close: 3
        case .ping: 4
        case .pong: 5
        case .reserved: 6
        }
    }
}

/// Whether something worked.
public enum Success: String, MetricLabel {
    case success, failure

    public static let allCases: [Success] = [.success, .failure]
    public var position: Int { self == .success ? 0 : 1 }
}

/// How an endpoint is held to be.
public enum EndpointCondition: String, MetricLabel {
    case ready, warming, ejected, unhealthy

    public static let allCases: [EndpointCondition] = [.ready, .warming, .ejected, .unhealthy]

    public var position: Int {
        switch self {
        case .ready: 0
        case .warming: 1
        case .ejected: 2
        case .unhealthy: 3
        }
    }
}

extension AffinityFacts.Outcome: MetricLabel {
    public var position: Int {
        switch self {
        case .new: 0
        case .kept: 1
        case .broken: 2
        }
    }
}

/// Why accept(2) failed.
public enum AcceptError: String, MetricLabel {
    /// EMFILE, ENFILE: no descriptor left.
    case descriptors
    /// ENOBUFS, ENOMEM.
    case memory
    /// ECONNABORTED and what the client did.
    case client
    case other

    public static let allCases: [AcceptError] = [.descriptors, .memory, .client, .other]

    /// What a negative result of accept(2) means.
    public init(errno: Int32) {
        switch errno {
        case 23 /* ENFILE */, 24 /* EMFILE */: self = .descriptors
        case 12 /* ENOMEM */, 105 /* ENOBUFS */: self = .memory
        case 71 /* EPROTO */, 103 /* ECONNABORTED */, 104 /* ECONNRESET */: self = .client
        default: self = .other
        }
    }

    public var position: Int {
        switch self {
        case .descriptors: 0
        case .memory: 1
        case .client: 2
        case .other: 3
        }
    }
}

extension Direction: MetricLabel {
    public var label: String { name }
    public var position: Int { Int(rawValue) }
}

extension Side: MetricLabel {
    public var label: String { name }
    public var position: Int { Int(rawValue) }
}

extension Responder.Who: MetricLabel {
    public var position: Int {
        switch self {
        case .client: 0
        case .gatehouse: 1
        case .edge: 2
        case .intermediary: 3
        case .backend: 4
        case .unknown: 5
        }
    }
}

extension Cause: MetricLabel {
    /// Looked up, because refusals are rare and causes are many.
    private static let positions: [Cause: Int] = Dictionary(
        uniqueKeysWithValues: Cause.allCases.enumerated().map { ($1, $0) })

    public var position: Int { Cause.positions[self] ?? 0 }
}

extension Timeout: MetricLabel {
    private static let positions: [Timeout: Int] = Dictionary(
        uniqueKeysWithValues: Timeout.allCases.enumerated().map { ($1, $0) })

    public var position: Int { Timeout.positions[self] ?? 0 }
}
