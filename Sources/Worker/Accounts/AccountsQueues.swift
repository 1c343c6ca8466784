extension AccountsFolder {
    /// The queues of the workers that decide about something, once each: of one account, of the accounts of a
    /// stage, of an endpoint's, or of all.
    ///
    /// An account without a queue of its own is driven by the worker that polls the registry's.
    public func queues(_ endpoint: String?, stage: String? = nil, account: String? = nil) -> [String] {
        let stages = endpoint.map { self.endpoint(named: $0)?.stages ?? [] }
        let concerned =
            stages?.filter { stage == nil || $0.name == stage }.flatMap(\.accounts)
            .filter { account == nil || $0.name == account } ?? accounts
        let queues = concerned.map { $0.queue ?? registry.queue }.unique
        return queues.isEmpty ? [registry.queue] : queues
    }
}
