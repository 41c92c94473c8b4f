/// Something in a head that isn't as RFC 9110 and 9112 want it, with the octets that show it.
///
/// The parser collects faults and goes on. `severity` decides whether the head may be forwarded, `status` what a
/// client is told. The names are stable: they stand in logs and verdicts.
public struct HeadFault: Sendable, Hashable {
    public let kind: Kind
    private let start: UInt32
    private let end: UInt32

    /// The octets, counted from the first of the head; may be empty where something is missing.
    public var at: Range<Int> { Int(start)..<Int(end) }

    public init(_ kind: Kind, at range: Range<Int>) {
        self.kind = kind
        start = UInt32(clamping: range.lowerBound)
        end = UInt32(clamping: range.upperBound)
    }

    /// How bad it is.
    public enum Severity: UInt8, Sendable, Hashable {
        /// Two readers may see different message borders: never forwarded.
        case ambiguousFraming
        /// Not HTTP/1.1, or beyond a limit: never forwarded.
        case malformed
        /// Allowed or harmless, but worth knowing in a diagnosis.
        case odd
    }

    public var severity: Severity { kind.severity }

    /// The status code with which a request that has this fault is refused.
    public var status: Int { kind.status }

    /// What it is; the raw value is the name in logs.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        // Lines
        case headEmpty = "head_empty"
        case headNotTerminated = "head_not_terminated"
        case headTooLarge = "head_too_large"
        case leadingEmptyLine = "leading_empty_line"
        case leadingEmptyLines = "leading_empty_lines"
        case bareLineFeed = "bare_line_feed"
        case bareCarriageReturn = "bare_carriage_return"
        case nulOctet = "nul_octet"
        case controlOctet = "control_octet"
        // Request line
        case requestLineBlanks = "request_line_blanks"
        case methodInvalid = "method_invalid"
        case methodTooLong = "method_too_long"
        case targetMissing = "target_missing"
        case targetInvalid = "target_invalid"
        case targetFragment = "target_fragment"
        case targetTooLong = "target_too_long"
        case targetFormMismatch = "target_form_mismatch"
        case targetUnusualOctet = "target_unusual_octet"
        case versionMissing = "version_missing"
        case versionInvalid = "version_invalid"
        case versionUnsupported = "version_unsupported"
        case versionNewerMinor = "version_newer_minor"
        // Status line
        case statusInvalid = "status_invalid"
        case reasonSeparatorMissing = "reason_separator_missing"
        // Field lines
        case fieldWithoutColon = "field_without_colon"
        case fieldNameEmpty = "field_name_empty"
        case fieldNameInvalid = "field_name_invalid"
        case blankBeforeColon = "blank_before_colon"
        case blankBeforeFirstField = "blank_before_first_field"
        case obsoleteLineFolding = "obsolete_line_folding"
        case obsoleteText = "obsolete_text"
        case fieldLineTooLong = "field_line_too_long"
        case tooManyFields = "too_many_fields"
        // Host
        case hostMissing = "host_missing"
        case hostRepeated = "host_repeated"
        case hostInvalid = "host_invalid"
        case hostDiffersFromTarget = "host_differs_from_target"
        // Framing
        case contentLengthInvalid = "content_length_invalid"
        case contentLengthRepeated = "content_length_repeated"
        case transferEncodingInvalid = "transfer_encoding_invalid"
        case transferEncodingUnsupported = "transfer_encoding_unsupported"
        case transferEncodingChunkedRepeated = "transfer_encoding_chunked_repeated"
        case transferEncodingNotFinal = "transfer_encoding_not_final"
        case transferEncodingWithContentLength = "transfer_encoding_with_content_length"
        case transferEncodingInHTTP10 = "transfer_encoding_in_http_1_0"
        case framingFieldLookalike = "framing_field_lookalike"
        case bodyNotAllowed = "body_not_allowed"
        case lengthWithoutBody = "length_without_body"
        // Semantics
        case connectionOptionInvalid = "connection_option_invalid"
        case expectationUnknown = "expectation_unknown"
    }
}

extension HeadFault.Kind {
    public var severity: HeadFault.Severity {
        switch self {
        case .contentLengthInvalid, .contentLengthRepeated, .transferEncodingInvalid, .transferEncodingUnsupported,
            .transferEncodingChunkedRepeated, .transferEncodingNotFinal, .transferEncodingWithContentLength,
            .transferEncodingInHTTP10, .framingFieldLookalike:
            .ambiguousFraming
        case .leadingEmptyLine, .targetUnusualOctet, .versionNewerMinor, .reasonSeparatorMissing, .obsoleteText,
            .hostDiffersFromTarget, .connectionOptionInvalid, .lengthWithoutBody:
            .odd
        default: .malformed
        }
    }

    public var status: Int {
        switch self {
        case .targetTooLong: 414
        case .expectationUnknown: 417
        case .headTooLarge, .fieldLineTooLong, .tooManyFields: 431
        case .methodTooLong, .transferEncodingUnsupported: 501
        case .versionUnsupported: 505
        default: 400
        }
    }
}

/// The faults of one head: a bounded list, plus what the refusal needs even when the list is full.
struct FaultList {
    /// A hostile head must not buy memory: later faults are only summed up.
    static let capacity = 32

    private(set) var faults: [HeadFault] = []
    /// The first fault that forbids forwarding; `ambiguousFraming` goes before `malformed`.
    private(set) var refusal: HeadFault?

    mutating func add(_ kind: HeadFault.Kind, _ range: Range<Int>) {
        let fault = HeadFault(kind, at: range)
        if faults.count < FaultList.capacity { faults.append(fault) }
        if fault.severity == .odd { return }
        if let present = refusal, present.severity.rawValue <= fault.severity.rawValue { return }
        refusal = fault
    }
}
