import ProxyCore
import Testing

@Suite struct TriedEndpointsTests {
    @Test func `each place is remembered by itself, in clusters of any size`() {
        var tried = TriedEndpoints()
        #expect(tried.isEmpty)
        let noted = [0, 1, 63, 64, 65, 200]
        for place in noted {
            #expect(!tried.contains(place))
            tried.insert(place)
            #expect(!tried.isEmpty)
        }
        #expect((0..<300).filter { tried.contains($0) } == noted)
    }

    @Test func `a place beyond the first word alone is no empty set`() {
        var tried = TriedEndpoints()
        tried.insert(70)
        #expect(!tried.isEmpty && !tried.contains(6))
    }
}
