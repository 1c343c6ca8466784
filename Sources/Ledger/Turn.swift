import Native
public import Promotion

/// An attempt by name, and the claim under which somebody works on it.
public struct AttemptClaim: Hashable, Sendable {
    public let release: String
    public let account: String
    public let number: Int
    public let term: Int64
}

/// One effect to perform, with everything the ledger knows that is needed for it.
public struct Work: Sendable {
    public let claim: AttemptClaim
    public let attempt: Attempt
    public let release: Release
    public let effect: Attempt.Effect
    /// The digest of the settings under which the account serves what it serves, if it serves anything.
    public let servedSettings: String?
    /// Whether the effect was begun before without a recorded outcome: it may have happened already.
    public let isRepeated: Bool
    /// The packages of the release, as last seen, by ARN.
    public let packages: [String: PackageSight]
    /// The pins of the release's packages, by ARN.
    public let pins: [String: Pin]
    /// What the release already has in the account, by target.
    public let copies: [String: ArtifactCopy]
    /// What the release before has in the account, by target.
    public let baseCopies: [String: ArtifactCopy]
}

/// An artifact under a release's own prefix in an account.
public struct ArtifactCopy: Hashable, Sendable {
    public let target: String
    public let url: String
    public let versionID: String?
    public let etag: String
    public let sha256: String

    public init(target: String, url: String, versionID: String?, etag: String, sha256: String) {
        self.target = target
        self.url = url
        self.versionID = versionID
        self.etag = etag
        self.sha256 = sha256
    }
}

/// A package to be looked at in the registry.
public struct Look: Hashable, Sendable {
    public let package: String
    public let group: String
    public let asked: Int64
    public let failures: Int
    public let failingSince: Moment?
}

/// Something that was learned on the way, true whatever became of the effect.
public enum Fact: Sendable {
    case package(PackageSight)
    case pin(package: String, Pin)
    case copy(ArtifactCopy)
}

/// What became of something the worker did.
public enum Outcome: Sendable {
    case attempt(AttemptClaim, [Fact], Attempt.Event)
    case looked(Look, PackageSight)
    case lookFailed(Look, Failure)
}

/// What one turn of the conductor hands out.
public struct Turn: Sendable {
    public let work: [Work]
    public let looks: [Look]
    /// When the next thing is due, if nothing happens before.
    public let nextDue: Moment?
}

extension Ledger {
    /// How long a claim holds without being renewed.
    static let term = Duration.seconds(30)

    /// One turn: records what became of the work handed out before, decides what is due, and claims the
    /// next work, all in one transaction.
    ///
    /// - Parameters:
    ///   - worker: The claimant's name.
    ///   - capacity: How much work to claim at the most.
    public func turn(_ outcomes: [Outcome], worker: String, capacity: Int, now: Moment) async throws -> Turn {
        try await store.write { transaction in
            for outcome in outcomes { try record(outcome, in: transaction, now: now) }
            try endSoaks(in: transaction, now: now)
            for row in try transaction.rows("SELECT name FROM endpoints WHERE due_at <= ?", now.milliseconds)
            {
                guard let plan = plans[try row.text("name")] else { continue }
                try settle(plan, in: transaction, now: now) { _ in }
            }
            let work = try claimWork(worker: worker, capacity: capacity, in: transaction, now: now)
            let looks = try claimLooks(capacity: capacity - work.count, in: transaction, now: now)
            return Turn(work: work, looks: looks, nextDue: try nextDue(in: transaction, now: now))
        }
    }

    /// Keeps claims while their effects run.
    public func renew(_ claims: [AttemptClaim], now: Moment) async throws {
        guard !claims.isEmpty else { return }
        try await store.write { transaction in
            for claim in claims {
                try transaction.run(
                    """
                    UPDATE attempts SET claim_until = ?
                    WHERE release = ? AND account = ? AND number = ? AND claim_term = ? AND claimant IS NOT NULL
                    """,
                    (now + Self.term).milliseconds,
                    claim.release,
                    claim.account,
                    claim.number,
                    claim.term
                )
            }
        }
    }

    private func record(_ outcome: Outcome, in transaction: any Transaction, now: Moment) throws {
        switch outcome {
        case .attempt(let claim, let facts, let event):
            for fact in facts { try learn(fact, for: claim, in: transaction, now: now) }
            try report(event, for: claim, in: transaction, now: now)
        case .looked(let look, let sight):
            try transaction.run("DELETE FROM looks WHERE package = ? AND asked = ?", look.package, look.asked)
            guard sight.group == look.group else {
                try disown(sight, asked: look, in: transaction, now: now)
                return
            }
            try transaction.run(
                "UPDATE looks SET claim_until = NULL, failures = 0, failing_since = NULL, trouble = NULL, due_at = ? WHERE package = ?",
                (now + Self.coalescing).milliseconds,
                look.package
            )
            try observe(sight, in: transaction, now: now)
        case .lookFailed(let look, let failure):
            let isCounted = failure.kind != .interrupted
            let since = look.failingSince ?? now
            let failures = look.failures + (isCounted ? 1 : 0)
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
                """
                UPDATE looks SET claim_until = NULL, failures = ?, failing_since = ?, trouble = ?, due_at = ?
                WHERE package = ?
                """,
                failures,
                isCounted ? since.milliseconds : nil,
                isCounted ? failure.sentence : nil,
                due.milliseconds,
                look.package
            )
            // What waited for this look to be composed goes on without it.
            for (plan, _) in feeds(of: look.group) {
                try transaction.run(
                    "UPDATE endpoints SET due_at = ? WHERE name = ?",
                    now.milliseconds,
                    plan.name
                )
            }
            if isCounted {
                try journal(
                    "event",
                    "lookFailed",
                    "\(look.package): \(failure.kind.rawValue): \(failure.sentence)",
                    in: transaction,
                    now: now
                )
            }
        }
    }

    /// A package was named as one of a group that it is not of, as a forged event may. It is looked at
    /// once more as what it is, if that matters to anybody.
    private func disown(
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
    private func report(
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
            state.apply(event, release: claim.release, account: claim.account, now: now, pace: pace)
        }
    }

    private func attempt(_ claim: AttemptClaim, in transaction: any Transaction) throws -> Attempt? {
        try transaction.row(
            "SELECT body FROM attempts WHERE release = ? AND account = ? AND number = ?",
            claim.release,
            claim.account,
            claim.number
        ).map { try Self.decode($0.text("body")) }
    }

    private func learn(_ fact: Fact, for claim: AttemptClaim, in transaction: any Transaction, now: Moment)
        throws
    {
        switch fact {
        case .package(let sight):
            try observe(sight, in: transaction, now: now)
        case .pin(let package, let pin):
            try transaction.run(
                """
                INSERT INTO pins (package, url, owner, version_id, etag, size, sha256) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (package) DO NOTHING
                """,
                package,
                pin.url,
                pin.owner,
                pin.versionID,
                pin.etag,
                pin.size,
                pin.sha256
            )
            try transaction.run(
                "UPDATE pins SET sha256 = ? WHERE package = ? AND sha256 IS NULL AND url = ? AND etag = ? AND size = ?",
                pin.sha256,
                package,
                pin.url,
                pin.etag,
                pin.size
            )
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

    /// A soak's end is an event without an effect: it happens here.
    private func endSoaks(in transaction: any Transaction, now: Moment) throws {
        let rows = try transaction.rows(
            "SELECT body FROM attempts WHERE state = 'soaking' AND due_at <= ?",
            now.milliseconds
        )
        for row in rows {
            let attempt: Attempt = try Self.decode(row.text("body"))
            guard let plan = plans[attempt.endpoint] else { continue }
            try journal(
                "event",
                "soakEnded",
                endpoint: attempt.endpoint,
                release: attempt.release,
                account: attempt.account,
                stage: attempt.stage,
                "",
                in: transaction,
                now: now
            )
            try settle(plan, in: transaction, now: now) { state in
                state.apply(
                    .soakEnded,
                    release: attempt.release,
                    account: attempt.account,
                    now: now,
                    pace: pace
                )
            }
        }
    }

    private func claimWork(
        worker: String,
        capacity: Int,
        in transaction: any Transaction,
        now: Moment
    ) throws -> [Work] {
        guard capacity > 0, !plans.isEmpty else { return [] }
        let endpoints = plans.keys.sorted()
        let due = try transaction.rows(
            """
            SELECT * FROM attempts
            WHERE ended_at IS NULL AND due_at <= ? AND state <> 'soaking'
                AND (claim_until IS NULL OR claim_until <= ?) AND endpoint IN (\(Self.marks(endpoints)))
            ORDER BY due_at, release, account LIMIT ?
            """,
            [now.milliseconds, now.milliseconds] + endpoints + [capacity]
        )
        return try due.compactMap { row in
            let attempt: Attempt = try Self.decode(row.text("body"))
            guard let effect = attempt.owed,
                let release = try release("WHERE id = ?", [attempt.release], in: transaction).first
            else { return nil }
            let term = try row.integer("claim_term") + 1
            let tries = try row.integer("tries")
            try transaction.run(
                """
                UPDATE attempts SET claimant = ?, claim_term = ?, claim_until = ?, tries = ?
                WHERE release = ? AND account = ? AND number = ?
                """,
                worker,
                term,
                (now + Self.term).milliseconds,
                tries + 1,
                attempt.release,
                attempt.account,
                attempt.number
            )
            if effect != .look {
                try journal(
                    "effect",
                    effect.name,
                    endpoint: attempt.endpoint,
                    release: attempt.release,
                    account: attempt.account,
                    stage: attempt.stage,
                    "attempt \(attempt.number)\(tries > 0 ? ", begun once more" : "")",
                    in: transaction,
                    now: now
                )
            }
            return Work(
                claim: AttemptClaim(
                    release: attempt.release,
                    account: attempt.account,
                    number: attempt.number,
                    term: term
                ),
                attempt: attempt,
                release: release,
                effect: effect,
                servedSettings: try transaction.row(
                    "SELECT settings FROM serving WHERE endpoint = ? AND account = ?",
                    attempt.endpoint,
                    attempt.account
                )?.text("settings"),
                isRepeated: tries > 0,
                packages: try packages(of: release, in: transaction),
                pins: try pins(of: release, in: transaction),
                copies: try copies(of: release.id, in: attempt.account, transaction),
                baseCopies: try attempt.base.map { try copies(of: $0, in: attempt.account, transaction) }
                    ?? [:]
            )
        }
    }

    private func claimLooks(capacity: Int, in transaction: any Transaction, now: Moment) throws -> [Look] {
        guard capacity > 0 else { return [] }
        // Only groups whose every target has been listed once: before that no event is a decision.
        let unseen = try unseenGroups(in: transaction).sorted()
        let due = try transaction.rows(
            """
            SELECT * FROM looks
            WHERE due_at <= ? AND (claim_until IS NULL OR claim_until <= ?)
                AND package_group NOT IN (\(Self.marks(unseen)))
            ORDER BY due_at, package LIMIT ?
            """,
            [now.milliseconds, now.milliseconds] + unseen + [capacity]
        )
        return try due.map { row in
            let look = Look(
                package: try row.text("package"),
                group: try row.text("package_group"),
                asked: try row.integer("asked"),
                failures: Int(try row.integer("failures")),
                failingSince: try row.optionalInteger("failing_since").map(Self.moment)
            )
            try transaction.run(
                "UPDATE looks SET claim_until = ? WHERE package = ?",
                (now + Self.term).milliseconds,
                look.package
            )
            return look
        }
    }

    private func pins(of release: Release, in transaction: any Transaction) throws -> [String: Pin] {
        var pins: [String: Pin] = [:]
        for package in release.models.values.map(\.package) {
            guard let row = try transaction.row("SELECT * FROM pins WHERE package = ?", package) else {
                continue
            }
            pins[package] = Pin(
                url: try row.text("url"),
                owner: try row.text("owner"),
                versionID: try row.optionalText("version_id"),
                etag: try row.text("etag"),
                size: try row.integer("size"),
                sha256: try row.optionalText("sha256")
            )
        }
        return pins
    }

    private func copies(
        of release: String,
        in account: String,
        _ transaction: any Transaction
    ) throws -> [String: ArtifactCopy] {
        var copies: [String: ArtifactCopy] = [:]
        for row in try transaction.rows(
            "SELECT * FROM copies WHERE release = ? AND account = ?",
            release,
            account
        ) {
            let target = try row.text("target")
            copies[target] = ArtifactCopy(
                target: target,
                url: try row.text("url"),
                versionID: try row.optionalText("version_id"),
                etag: try row.text("etag"),
                sha256: try row.text("sha256")
            )
        }
        return copies
    }

    /// What is due already and was not handed out waits for something that happens first: room, a
    /// listing of its group, or its endpoint's return to the accounts folder.
    private func nextDue(in transaction: any Transaction, now: Moment) throws -> Moment? {
        try transaction.rows(
            """
            SELECT MIN(due) AS due FROM (
                SELECT MIN(due_at) AS due FROM attempts
                    WHERE ended_at IS NULL AND claim_until IS NULL AND due_at > ?
                UNION ALL SELECT MIN(due_at) FROM looks WHERE claim_until IS NULL AND due_at > ?
                UNION ALL SELECT MIN(due_at) FROM endpoints WHERE due_at > ?
                UNION ALL SELECT MIN(claim_until) FROM attempts WHERE claim_until > ?
                UNION ALL SELECT MIN(claim_until) FROM looks WHERE claim_until > ?) AS dues
            """,
            Array(repeating: now.milliseconds, count: 5)
        ).first?.optionalInteger("due").map(Self.moment)
    }

    /// As many placeholders as there are values.
    private static func marks(_ values: [String]) -> String {
        // Nothing is equal to an empty text here, so an empty list may hold one; SQL has no empty lists.
        values.isEmpty ? "''" : values.map { _ in "?" }.joined(separator: ", ")
    }
}
