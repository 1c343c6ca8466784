/// Credentials that are given once and never change.
public struct StaticCredentials: CredentialProvider {
    private let value: Credentials

    public init(_ value: Credentials) {
        self.value = value
    }

    public func credentials() -> Credentials { value }

    /// Does nothing: there are no others.
    public func invalidate(_ used: Credentials) {}
}
