/// Drift: an endpoint that somebody switched past Sluice, while nothing was under way in its account.
extension EndpointState {
    /// Takes in what an account's endpoint was found to serve.
    ///
    /// SageMaker refuses no late caller, so a worker that was paused for longer than its claim may switch an
    /// endpoint after its attempt was taken back. The config it switches to was never verified, and what was
    /// verified is put back. A config that was verified before, or is somebody else's, was chosen by somebody,
    /// perhaps in need: that is told and left to them, and the next release goes on from it.
    ///
    /// - Parameter isUnverified: Whether an attempt of ours made the config, and none verified it.
    public mutating func found(
        _ sight: EndpointSight,
        in account: String,
        isUnverified: Bool,
        now: Moment
    ) {
        guard let stage = plan.stages.first(where: { $0.accounts[account] != nil }),
            let served = serving[account], underWay(in: account) == nil, sight.kind == .inService
        else { return }
        serving[account]?.modifiedAt = sight.modifiedAt
        serving[account]?.drift = sight.config == served.config ? nil : sight.config
        guard sight.config != served.config else { return }
        if isUnverified, !holds.contains(where: { $0.covers(stage.name) }),
            let release = releases.first(where: { $0.id == served.release })
        {
            let past = Past(release: release, serving: served)
            let number = beginWayBack(to: past, leaving: nil, in: account, stage, now: now)
            return note(
                "drifted",
                served.release,
                account,
                stage.name,
                "serves \(sight.config), whose attempt had ended: a worker asked for it too late. Attempt \(number) "
                    + "puts \(served.config) back"
            )
        }
        guard served.drift != sight.config else { return }
        note(
            "drifted",
            served.release,
            account,
            stage.name,
            "serves \(sight.config) in place of \(served.config), and Sluice did not switch it. It is left so; the "
                + "next release goes on from there"
        )
    }
}
