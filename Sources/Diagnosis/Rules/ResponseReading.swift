import HTTPWire

/// Reads the signs of an answer.
enum ResponseReading {
    static func read(
        _ head: ResponseHead, _ observation: HandshakeObservation, into signs: inout SignReading
    ) -> ResponderReading {
        signs.add(.answered)
        let request = observation.request
        let view = AnswerView(head, observation.bodyStart)
        readStatus(head.status, into: &signs)
        signs.add(.answerIsHTTP10, if: head.version == .http10)
        if request != nil { readUpgrade(observation, head, into: &signs) }
        readFields(head, into: &signs)
        if let request, signs.has(.statusRedirect) { RedirectReading.read(head, request, into: &signs) }
        view.bodyMarks = readBody(view, into: &signs)
        // Of a backend that isn't reached only a proxy speaks; an application says the same words of its own database.
        if head.status < 502 || (505..<520).contains(head.status) { signs.remove(.saysConnectFailed) }
        if signs.has(.engineIOPolling), head.status == 200, let refusal = SpokenReading.refusal(view.body) {
            signs.add(refusal.sign, .body(0..<min(view.body.count, 200)))
        }
        return ResponderReading(view, into: &signs)
    }

    private static func readStatus(_ status: Int, into signs: inout SignReading) {
        let sign: Sign? =
            switch status {
            case 101: .status101
            case 200: .status200
            case 201..<300: .status2xx
            case 300..<400: .statusRedirect
            case 400: .status400
            case 401: .status401
            case 403: .status403
            case 404: .status404
            case 405: .status405
            case 407: .status407
            case 408: .status408
            case 413, 414: .status413or414
            case 426: .status426
            case 429: .status429
            case 431, 494: .status431
            case 495, 496: .status495or496
            case 497: .status497
            case 500: .status500
            case 501: .status501
            case 502: .status502
            case 503: .status503
            case 504: .status504
            case 505: .status505
            case 521, 522, 523: .status521or523
            case 524: .status524
            case 525, 526: .status525or526
            case 400..<500: .statusOther4xx
            default: nil
            }
        if let sign { signs.add(sign, .statusLine) }
        signs.add(.refused, if: status != 101)
        signs.add(.status2xx, if: status == 200)
    }

    private static func readUpgrade(_ observation: HandshakeObservation, _ head: ResponseHead, into signs: inout SignReading) {
        guard head.status == 101 else {
            if head.section.has(KnownField.secWebSocketAccept) {
                signs.add(.upgradeOnOtherStatus, .responseField(.secWebSocketAccept))
            } else if head.status < 300, head.contains(token: "websocket", in: .upgrade) {
                signs.add(.upgradeOnOtherStatus, .responseField(.upgrade))
            }
            return
        }
        for fault in observation.answerFaults { signs.add(fault.sign, .responseField(fault.field)) }
        for element in head.elements(of: .secWebSocketExtensions) where head.bytes.begins("permessage-deflate", in: element) {
            signs.add(.deflateAgreed)
        }
    }

    private static func readFields(_ head: ResponseHead, into signs: inout SignReading) {
        if head.section.has(KnownField.wwwAuthenticate) { signs.add(.asksForCredentials, .responseField(.wwwAuthenticate)) }
        if head.section.has(KnownField.retryAfter) { signs.add(.retryAfter, .responseField(.retryAfter)) }
        let versions = head.section.has(KnownField.secWebSocketVersion) ? head.elements(of: .secWebSocketVersion) : []
        if !versions.isEmpty {
            let isOurs = versions.contains { head.bytes.equals("13", at: $0) }
            signs.add(isOurs ? .namesVersion13 : .namesOtherVersion, .responseField(.secWebSocketVersion))
        }
        signs.add(.setsLoginCookie, if: head.section.has(KnownField.setCookie))
        signs.add(.upgradeInAnswer, if: head.contains(token: "websocket", in: .upgrade))
        signs.add(.cacheHit, if: head.section.has(KnownField.age))
        if head.section.has(KnownField.allow) {
            signs.add(head.contains(token: "get", in: .allow) ? .allowsGET : .allowsOtherMethods, .responseField(.allow))
        }
        var lower = 0
        var upper = 0
        for field in head.fields {
            guard let first = field.name.first.map({ head.bytes[$0] }) else { continue }
            if (0x61...0x7A).contains(first) { lower += 1 } else { upper += 1 }
        }
        signs.add(.mixedFieldCase, if: lower > 0 && upper > 0)
        // Some servers put the reason where it belongs to no body.
        if head.reasonRange.count > 12 {
            BodyPhrases.shared.read(head.bytes, head.reasonRange, into: &signs) { _ in .statusLine }
        }
    }

    private static func readBody(_ view: AnswerView, into signs: inout SignReading) -> UInt64 {
        let body = view.body
        guard !body.isEmpty else {
            signs.add(.bodyIsEmpty)
            return 0
        }
        guard view.head.status != 101 else { return 0 }
        signs.add(.bodyIsHTML, if: view.isHTML)
        signs.add(.bodyIsJSON, if: body.first == 0x7B || body.first == 0x5B)
        let marks = BodyPhrases.shared.read(body, 0..<body.count, into: &signs) { .body($0) }
        if !view.isHTML { signs.remove(.bodyIsApplicationPage) }
        var end = body.count
        while end > 0, body[end - 1] <= 0x20 { end -= 1 }
        if body.matches("bad request", at: 0..<end) { signs.add(.saysBadRequest, .body(0..<end)) }
        return marks
    }
}
