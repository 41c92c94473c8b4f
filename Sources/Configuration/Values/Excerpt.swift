/// A piece of somebody's text, made fit for a message: quoted, short, without what could disturb a terminal, and without
/// what may be a credential.
enum Excerpt {
    /// `text` in quotes.
    ///
    /// A URL's user information and query are left out: they are where secrets are pasted by mistake.
    static func quoted(_ text: String) -> String {
        if text.unicodeScalars.contains("@") { return "a text with @, not shown because it may hold a password" }
        var shown = text
        if let query = shown.firstIndex(where: { $0 == "?" || $0 == "#" }) { shown = shown[..<query] + "…" }
        return "\"\(plain(shown, limit: 60))\""
    }

    /// `text` without quotes, cut to `limit` scalars, control characters replaced by their number.
    static func plain(_ text: String, limit: Int = 200) -> String {
        var result = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if index == limit { return result + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
