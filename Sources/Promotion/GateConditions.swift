/// The conditions that every gate has, and those about time.
extension Gate {
    func verified(_ now: Moment) -> Condition {
        let missing = upstream.filter { $0.verifiedAt == nil }.map(\.account)
        let text =
            if upstream.isEmpty {
                "first stage"
            } else if missing.isEmpty {
                "verified in " + upstream.map(\.account).joined(separator: ", ")
            } else {
                "verification in " + missing.joined(separator: ", ")
            }
        return Condition(
            name: "verified",
            verdict: missing.isEmpty ? .passed : .inconclusive,
            text: text,
            until: nil
        )
    }

    func soaked(_ now: Moment) -> Condition {
        let soaking = upstream.compactMap { account in account.soakedAt.map { (account.account, $0) } }
            .filter { $0.1 > now }
        guard let last = soaking.map(\.1).max() else {
            return Condition(name: "soaked", verdict: .passed, text: "no soak left", until: nil)
        }
        let accounts = soaking.map(\.0).joined(separator: ", ")
        return Condition(name: "soaked", verdict: .inconclusive, text: "the soak in \(accounts)", until: last)
    }

    /// The time that has to pass between the verification upstream and the entry, apart from the soak.
    func lagged(_ now: Moment) -> Condition {
        let verified = upstream.compactMap(\.verifiedAt).max()
        // Another worker's clock may be ahead of ours, which is no lag.
        guard plan.lag > .zero, let end = verified.map({ $0 + plan.lag }), end > now else {
            return Condition(name: "lag", verdict: .passed, text: "no lag left", until: nil)
        }
        return Condition(
            name: "lag",
            verdict: .inconclusive,
            text: "the lag of \(plan.name) after its verification upstream",
            until: end
        )
    }

    func accepted() -> Condition {
        let words = plan.acceptable
        let wrong = models.filter { model in model.status.map { !plan.accepts.contains($0) } ?? true }
        guard !wrong.isEmpty else {
            return Condition(
                name: "accepted",
                verdict: .passed,
                text: "every version is \(words)",
                until: nil
            )
        }
        let text = wrong.map { "\($0.name) is \($0.status?.rawValue ?? "unknown")" }.joined(separator: ", ")
        let isWithdrawn = wrong.contains { $0.status == .rejected || $0.status == .deleted }
        return Condition(
            name: "accepted",
            verdict: isWithdrawn ? .failed : .inconclusive,
            text: "\(text) in the registry; \(plan.name) accepts \(words)",
            until: nil
        )
    }

    func notBarred() -> Condition {
        let barred = models.compactMap { model in model.bar.map { "\(model.name) is barred: \($0)" } }
        return Condition(
            name: "not barred",
            verdict: barred.isEmpty ? .passed : .failed,
            text: barred.isEmpty ? "no version is barred" : barred.joined(separator: ", "),
            until: nil
        )
    }

    func free() -> Condition {
        Condition(
            name: "free",
            verdict: occupant == nil ? .passed : .inconclusive,
            text: occupant.map { "\($0) in \(plan.name)" }
                ?? "nothing rolls in \(plan.name)",
            until: nil
        )
    }

    func notHeld() -> Condition {
        let hold = holds.first { $0.covers(plan.name) }
        return Condition(
            name: "not held",
            verdict: hold == nil ? .passed : .inconclusive,
            text: hold.map { "resume: held by \($0.by) (\($0.reason))" } ?? "not held",
            until: nil
        )
    }

    func window(_ now: Moment) -> Condition? {
        guard let windows = plan.gate.windows else { return nil }
        if windows.isOpen(at: now) {
            return Condition(
                name: "window",
                verdict: .passed,
                text: "the window is open",
                until: windows.nextChange(after: now)
            )
        }
        let opening = windows.nextOpening(after: now)
        return Condition(
            name: "window",
            verdict: .inconclusive,
            text: opening.map { "the window of \(plan.name), which opens \(windows.text($0))" }
                ?? "a window of \(plan.name), which never opens",
            until: opening
        )
    }
}
