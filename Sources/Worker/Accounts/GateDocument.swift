public import Promotion

/// A stage's `gate`: what people have to say before a release enters it.
public struct GateDocument: Hashable, Sendable {
    /// How many people must approve; 0 lets a release in once everything else holds.
    /// Default: 1 where `approvers` are given, else 0.
    public var approvals: Int
    /// Who may promote to the stage and reject for it. Default: nobody.
    public var approvers: [SenderPattern]
    /// How long a release waits for people before it is refused. Default: 7 days.
    public var expires: Duration

    public init(
        approvals: Int? = nil,
        approvers: [SenderPattern] = [],
        expires: Duration = GateDocument.expiresByDefault
    ) {
        self.approvals = approvals ?? (approvers.isEmpty ? 0 : 1)
        self.approvers = approvers
        self.expires = expires
    }

    /// How long a release waits where the document does not say.
    public static let expiresByDefault = Duration.seconds(7 * 24 * 60 * 60)
}
