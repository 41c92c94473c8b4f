/// What an opening handshake agreed on, and what is wrong with the server's answer to the client's offers.
///
/// All faults are collected. A faulty answer still says what its frames are likely to use, so that a relay that lets
/// it pass reads them without a false alarm.
public struct ExtensionAgreement: Sendable, Hashable {
    /// A fault and the element of the answer that has it.
    public struct Finding: Sendable, Hashable {
        public var fault: ExtensionFault
        /// The element's place in its field value.
        public var range: Range<Int>
    }

    /// What is wrong with the answer; empty for a valid one.
    public private(set) var findings: [Finding] = []
    /// permessage-deflate's parameters, where the answer names it readably.
    public private(set) var deflate: PermessageDeflate?
    /// Names of answered extensions that nobody here knows.
    public private(set) var unknown: [String] = []

    /// No extension at all.
    public init() {}

    /// Holds the server's answer against the client's offers.
    public init(offered: ExtensionList, answered: ExtensionList) {
        findings = answered.malformed.map { Finding(fault: .malformed, range: $0) }
        var names: Set<String> = []
        for element in answered.offers {
            if !names.insert(element.name).inserted {
                findings.append(Finding(fault: .answeredTwice, range: element.range))
            } else if element.name == PermessageDeflate.name {
                agree(on: element, offered)
            } else {
                unknown.append(element.name)
                if !offered.offers.contains(where: { $0.name == element.name }) {
                    findings.append(Finding(fault: .notOffered, range: element.range))
                }
            }
        }
    }

    /// Which reserved bits may be set: RSV1 for permessage-deflate; all, where an unknown extension may use any.
    public var allowedReservedBits: UInt8 { unknown.isEmpty ? (deflate == nil ? 0 : 0b100) : 0b111 }

    private mutating func agree(on element: ExtensionOffer, _ offered: ExtensionList) {
        do throws(ExtensionFault) {
            deflate = try PermessageDeflate(answer: element)
            let answer = try PermessageDeflateTerms(element)
            let offers = offered.offers.filter { $0.name == PermessageDeflate.name }
            guard !offers.isEmpty else { throw .notOffered }
            // An offer with a fault can't be accepted.
            let fits = offers.contains { offer in (try? PermessageDeflateTerms(offer))?.admits(answer) ?? false }
            guard fits else { throw .parametersDoNotFit }
        } catch {
            findings.append(Finding(fault: error, range: element.range))
            if deflate == nil { deflate = PermessageDeflate() }
        }
    }
}
