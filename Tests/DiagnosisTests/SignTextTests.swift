import Testing

@testable import Diagnosis

@Suite struct `The words of signs` {
    @Test func `every sign has them in exactly one group`() {
        for sign in Sign.allCases { #expect(sign.texts.count == 1, "\(sign): \(sign.texts)") }
    }

    @Test func `no two signs say the same`() {
        #expect(Set(Sign.allCases.map(\.text)).count == Sign.allCases.count)
    }
}
