/// What `Content-Length` and `Transfer-Encoding` of a head say, before the method or status is taken into account.
///
/// Stricter than RFC 9112 §6 wherever readers are known to differ: a `Content-Length` that is repeated is refused even
/// if the values agree, a list is never merged, `Transfer-Encoding` must be the one word `chunked` on one line, and
/// both fields together are refused instead of letting one win. That is what closes request smuggling: nothing
/// leaves here that two parsers could cut differently.
struct FramingFields: Sendable, Hashable {
    enum Length: Sendable, Hashable {
        case absent
        case octets(UInt64)
        case chunked
        case invalid(HeadFault)
    }

    let length: Length

    /// Reads the fields and adds what is wrong with them to `faults`.
    init(_ section: FieldSection, version: HTTPVersion, faults: inout FaultList) {
        guard section.has(KnownField.contentLength) || section.has(KnownField.transferEncoding) else {
            length = .absent
            return
        }
        var found = Length.absent
        if section.has(KnownField.contentLength) { found = FramingFields.contentLength(section) }
        if section.has(KnownField.transferEncoding) {
            let coding = FramingFields.transferEncoding(section, version: version)
            if case .invalid(let fault) = found { faults.add(fault.kind, fault.at) }
            if case .absent = found {
                found = coding
            } else {
                if case .invalid(let fault) = coding { faults.add(fault.kind, fault.at) }
                let at = section.value(of: .contentLength) ?? 0..<0
                found = .invalid(HeadFault(.transferEncodingWithContentLength, at: at))
            }
        }
        if case .invalid(let fault) = found { faults.add(fault.kind, fault.at) }
        length = found
    }

    private static func contentLength(_ section: FieldSection) -> Length {
        guard let index = section.firstIndex(of: .contentLength) else { return .absent }
        let value = section.fields[index].value
        if let second = section.index(of: .contentLength, from: index + 1) {
            return .invalid(HeadFault(.contentLengthRepeated, at: section.fields[second].value))
        }
        // 18 digits are more than any body has, and can't overflow.
        guard !value.isEmpty, value.count <= 18 else {
            return .invalid(HeadFault(.contentLengthInvalid, at: value))
        }
        var number: UInt64 = 0
        for offset in value {
            let byte = section.bytes[offset]
            guard byte.isDigit else {
                let repeated = byte == 0x2C
                return .invalid(HeadFault(repeated ? .contentLengthRepeated : .contentLengthInvalid, at: value))
            }
            number = number * 10 + UInt64(byte - 0x30)
        }
        return .octets(number)
    }

    private static func transferEncoding(_ section: FieldSection, version: HTTPVersion) -> Length {
        guard let index = section.firstIndex(of: .transferEncoding) else { return .absent }
        let value = section.fields[index].value
        if version == .http10 { return .invalid(HeadFault(.transferEncodingInHTTP10, at: value)) }
        let isRepeated = section.index(of: .transferEncoding, from: index + 1) != nil
        if !isRepeated, section.bytes.matches("chunked", at: value) { return .chunked }

        var codings: [Range<Int>] = []
        var hasEmpty = false
        for line in section.values(of: .transferEncoding) {
            var elements = ListElements(line)
            while let element = elements.next(in: section.bytes) { codings.append(element) }
            hasEmpty = hasEmpty || elements.sawEmpty || line.isEmpty
        }
        let isChunked = codings.map { section.bytes.matches("chunked", at: $0) }
        if isChunked.count(where: { $0 }) > 1 {
            return .invalid(HeadFault(.transferEncodingChunkedRepeated, at: value))
        }
        if isChunked.contains(true), isChunked.last == false {
            return .invalid(HeadFault(.transferEncodingNotFinal, at: value))
        }
        // A coding that exists but isn't ours to undo: 501, RFC 9112 §6.1. Everything else is 400.
        let others = codings.dropLast()
        let known = others.allSatisfy { coding in
            section.bytes.matches("gzip", at: coding) || section.bytes.matches("x-gzip", at: coding)
                || section.bytes.matches("deflate", at: coding) || section.bytes.matches("compress", at: coding)
                || section.bytes.matches("x-compress", at: coding)
        }
        let unsupported = !hasEmpty && isChunked.last == true && !others.isEmpty && known
        return .invalid(HeadFault(unsupported ? .transferEncodingUnsupported : .transferEncodingInvalid, at: value))
    }
}
