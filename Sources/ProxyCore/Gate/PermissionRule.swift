public import Diagnosis
import HTTPWire

/// What an authenticated user may open: every condition must be met, so that a valid user can't enter somebody else's conversation.
public struct PermissionRule: Sendable, Hashable {
    /// Names parts of the path; a path of another shape is refused.
    public var template: PathTemplate?
    public var conditions: [PermissionExpression]
    public var reportOnly: Bool

    public init(template: PathTemplate? = nil, conditions: [PermissionExpression], reportOnly: Bool = false) {
        self.template = template
        self.conditions = conditions
        self.reportOnly = reportOnly
    }

    /// Why the request is refused; nil if it isn't. `path` is the canonical one.
    public func refusal(_ request: RequestView, path: [UInt8]) -> GateRefusal? {
        var request = request
        if let template {
            guard let parts = template.match(path) else {
                return GateRefusal(
                    .permission, "path_not_covered", cause: .blockedByRule, status: 403,
                    observed: "the path " + path.printable(0..<path.count, limit: 200), allowed: "paths like \(template)",
                    fix: "Ask for such a path, or give other paths a route of their own")
            }
            request.parts = parts
        }
        guard let broken = conditions.first(where: { !$0.isMet(by: request) }) else { return nil }
        return GateRefusal(
            .permission, "permission_denied", cause: .blockedByRule, status: 403, observed: broken.observed(in: request),
            allowed: broken.description, fix: "Use a credential that meets the condition, or change permission of the route")
    }
}
