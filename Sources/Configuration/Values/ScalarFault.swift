/// Why a scalar isn't what its key wants.
struct ScalarFault: Error {
    var observed: String
    var expected: String
    var remedy: String?

    init(_ observed: String, _ expected: String, _ remedy: String? = nil) {
        self.observed = observed
        self.expected = expected
        self.remedy = remedy
    }
}
