/// Rules between fields that hold for both kinds of head, and those for requests.
struct FieldRules {
    let connection: ConnectionOptions

    init(_ section: FieldSection, version: HTTPVersion, faults: inout FaultList) {
        connection = section.has(KnownField.connection) ? FieldRules.options(section, faults: &faults) : []
        FieldRules.checkLookalikes(section, faults: &faults)
    }

    private static func options(_ section: FieldSection, faults: inout FaultList) -> ConnectionOptions {
        var options: ConnectionOptions = []
        var from = 0
        while let index = section.index(of: .connection, from: from) {
            from = index + 1
            let value = section.fields[index].value
            // What nearly everybody sends.
            if section.bytes.matches("keep-alive", at: value) {
                options.insert(.keepAlive)
                continue
            }
            var elements = ListElements(value)
            while let element = elements.next(in: section.bytes) {
                if section.bytes.matches("close", at: element) {
                    options.insert(.close)
                } else if section.bytes.matches("keep-alive", at: element) {
                    options.insert(.keepAlive)
                } else if section.bytes.matches("upgrade", at: element) {
                    options.insert(.upgrade)
                } else {
                    options.insert(.named)
                    if let wrong = element.first(where: { !section.bytes[$0].isToken }) {
                        faults.add(.connectionOptionInvalid, wrong..<wrong + 1)
                    }
                }
            }
        }
        return options
    }

    /// `Transfer_Encoding` and `Content_Length` are the real fields to servers of the CGI family, which read `_` and `-`
    /// alike: a second framing that we would not see.
    private static func checkLookalikes(_ section: FieldSection, faults: inout FaultList) {
        for field in section.fields where field.known == .other {
            let length = field.nameEnd &- field.nameStart
            guard length == 14 || length == 17 else { continue }
            if section.bytes.matches("content_length", at: field.name)
                || section.bytes.matches("transfer_encoding", at: field.name)
            {
                faults.add(.framingFieldLookalike, field.name)
            }
        }
    }

    /// `Host` (RFC 9112 §3.2) and `Expect` (RFC 9110 §10.1.1).
    func checkRequest(_ section: FieldSection, line: RequestLine, faults: inout FaultList) {
        if let index = section.firstIndex(of: .host) {
            let value = section.fields[index].value
            if let second = section.index(of: .host, from: index + 1) {
                faults.add(.hostRepeated, section.fields[second].name)
            }
            if Authority(section.bytes, value) == nil { faults.add(.hostInvalid, value) }
            if line.form == .absolute, !FieldRules.equal(section.bytes, value, line.authority.range) {
                faults.add(.hostDiffersFromTarget, value)
            }
        } else if line.version != .http10 {
            faults.add(.hostMissing, 0..<0)
        }
        if section.has(KnownField.expect), line.version != .http10 {
            for value in section.values(of: .expect) where !section.bytes.matches("100-continue", at: value) {
                faults.add(.expectationUnknown, value)
            }
        }
    }

    private static func equal(_ bytes: [UInt8], _ a: Range<Int>, _ b: Range<Int>) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { bytes[$0].lowercased == bytes[$1].lowercased }
    }
}
