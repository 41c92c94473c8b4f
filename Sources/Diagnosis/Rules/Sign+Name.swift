extension Sign {
    /// The stable name: the case in kebab case.
    public var id: String {
        var id = ""
        for scalar in String(describing: self).unicodeScalars {
            if ("A"..."Z").contains(scalar) {
                if id.last.map({ $0.isLowercase || $0.isNumber }) == true { id += "-" }
                id += String(scalar).lowercased()
            } else {
                id.unicodeScalars.append(scalar)
            }
        }
        return id
    }
}
