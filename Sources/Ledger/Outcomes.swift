import Promotion

/// Recording what became of the work that was handed out.
extension Ledger {
    func record(_ outcome: Outcome, in transaction: any Transaction, now: Moment) throws {
        switch outcome {
        case .attempt(let claim, let facts, let event):
            for fact in facts { try learn(fact, for: claim, in: transaction, now: now) }
            try report(event, for: claim, in: transaction, now: now)
        case .alarmsSeen(let look, let sights):
            try saw(sights, for: look, in: transaction, now: now)
        case .alarmsNotSeen(let look, let failure):
            try couldNotSee(failure, for: look, in: transaction, now: now)
        case .looked(let look, let sight):
            try transaction.run("DELETE FROM looks WHERE package = ? AND asked = ?", look.package, look.asked)
            guard sight.group == look.group else {
                try disown(sight, asked: look, in: transaction, now: now)
                return
            }
            try transaction.run(
                "UPDATE looks SET claim_until = NULL, failures = 0, trouble = NULL, due_at = ? WHERE package = ?",
                (now + Self.coalescing).milliseconds,
                look.package
            )
            try observe(sight, in: transaction, now: now)
        case .lookFailed(let look, let failure) where failure.kind == .interrupted:
            try transaction.run(
                "UPDATE looks SET claim_until = NULL, due_at = ? WHERE package = ?",
                now.milliseconds,
                look.package
            )
        case .lookFailed(let look, let failure):
            let failures = look.failures + 1
            // A look is never given up: the registry is the truth, and only it can say what to serve.
            var due = now + pace.retry.ceiling
            if case .again(let moment) = pace.retry.decide(
                failure.kind,
                failures: failures,
                since: now,
                now: now
            ) {
                due = moment
            }
            try transaction.run(
                "UPDATE looks SET claim_until = NULL, failures = ?, trouble = ?, due_at = ? WHERE package = ?",
                failures,
                failure.sentence,
                due.milliseconds,
                look.package
            )
            // What waits for this look to be composed may have waited long enough.
            for (plan, _) in feeds(of: look.group) {
                try transaction.run(
                    "UPDATE endpoints SET due_at = ? WHERE name = ?",
                    now.milliseconds,
                    plan.name
                )
            }
            try journal(
                "event",
                "lookFailed",
                "\(look.package): \(failure.kind.rawValue): \(failure.sentence)",
                in: transaction,
                now: now
            )
        }
    }

    /// A package was named as one of a group that it is not of, as a forged event may. It is looked at
    /// once more as what it is, if that matters to anybody.
    func disown(
        _ sight: PackageSight,
        asked look: Look,
        in transaction: any Transaction,
        now: Moment
    ) throws {
        try transaction.run("DELETE FROM looks WHERE package = ?", look.package)
        try journal(
            "event",
            "groupDiffers",
            "\(sight.arn) was named as a version of \(look.group), and is one of "
                + (sight.group.isEmpty ? "no group" : sight.group),
            in: transaction,
            now: now
        )
        if feeds(of: sight.group).isEmpty {
            // It feeds nothing, and yet is known from now on, so that looks at it coalesce too.
            try observe(sight, in: transaction, now: now)
        } else {
            try ask(for: sight.arn, group: sight.group, in: transaction, now: now)
        }
    }

    /// Records what became of an attempt's effect, if the claim is still the one it was done under.
    func report(
        _ event: Attempt.Event,
        for claim: AttemptClaim,
        in transaction: any Transaction,
        now: Moment
    ) throws {
        let isHeld = try transaction.run(
            """
            UPDATE attempts SET claimant = NULL, claim_until = NULL
            WHERE release = ? AND account = ? AND number = ? AND claim_term = ? AND claimant IS NOT NULL
            """,
            claim.release,
            claim.account,
            claim.number,
            claim.term
        )
        let attempt = try attempt(claim, in: transaction)
        let isLook = attempt?.owed == .look && event.name == "endpointSeen"
        if !isLook {
            try journal(
                "event",
                isHeld == 1 ? event.name : "late report: \(event.name)",
                endpoint: attempt?.endpoint,
                release: claim.release,
                account: claim.account,
                stage: attempt?.stage,
                event.text,
                in: transaction,
                now: now
            )
        }
        guard isHeld == 1, let attempt, let plan = plans[attempt.endpoint] else { return }
        try settle(plan, in: transaction, now: now) { state in
            state.apply(event, release: claim.release, account: claim.account, now: now)
        }
    }

    func attempt(_ claim: AttemptClaim, in transaction: any Transaction) throws -> Attempt? {
        try transaction.row(
            "SELECT body FROM attempts WHERE release = ? AND account = ? AND number = ?",
            claim.release,
            claim.account,
            claim.number
        ).map { try Self.decode($0.text("body")) }
    }

    func learn(_ fact: Fact, for claim: AttemptClaim, in transaction: any Transaction, now: Moment)
        throws
    {
        switch fact {
        case .package(let sight):
            try observe(sight, in: transaction, now: now)
        case .pin(let package, let pin): try learn(pin, of: package, in: transaction)
        case .copy(let copy):
            try transaction.run(
                """
                INSERT INTO copies (release, account, target, url, version_id, etag, sha256)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (release, account, target) DO UPDATE SET url = excluded.url,
                    version_id = excluded.version_id, etag = excluded.etag, sha256 = excluded.sha256
                """,
                claim.release,
                claim.account,
                copy.target,
                copy.url,
                copy.versionID,
                copy.etag,
                copy.sha256
            )
        }
    }

    /// Keeps a pin, or the SHA-256 that one lacks; nothing else of it ever changes.
    func learn(_ pin: Pin, of package: String, in transaction: any Transaction) throws {
        try transaction.run(
            """
            INSERT INTO pins (package, url, owner, version_id, etag, size, part_size, sha256)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (package) DO NOTHING
            """,
            package,
            pin.url,
            pin.owner,
            pin.versionID,
            pin.etag,
            pin.size,
            pin.partSize,
            pin.sha256
        )
        try transaction.run(
            """
            UPDATE pins SET sha256 = ? WHERE package = ? AND sha256 IS NULL AND url = ? AND etag = ? AND size = ?
                AND COALESCE(part_size, 0) = ?
            """,
            pin.sha256,
            package,
            pin.url,
            pin.etag,
            pin.size,
            pin.partSize ?? 0
        )
    }
}
