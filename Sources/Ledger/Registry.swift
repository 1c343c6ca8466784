public import Promotion

/// A version of the registry as DescribeModelPackage showed it.
public struct PackageSight: Hashable, Sendable {
    public let arn: String
    public let group: String
    public let version: Int
    public let status: ApprovalStatus
    public let image: String?
    public let artifact: String?
    /// Why it cannot be served, as a sentence with what to do; nil where it can.
    public let problem: String?
    public let modifiedAt: Moment
    /// The principal that changed it last, as the registry names it: `AIDA…`, or `AROA…:<session>`.
    public let modifiedBy: String?
    /// When it was looked at; nil where it was only listed.
    public let lookedAt: Moment?

    public init(
        arn: String,
        group: String,
        version: Int,
        status: ApprovalStatus,
        image: String?,
        artifact: String?,
        problem: String?,
        modifiedAt: Moment,
        modifiedBy: String? = nil,
        lookedAt: Moment?
    ) {
        self.arn = arn
        self.group = group
        self.version = version
        self.status = status
        self.image = image
        self.artifact = artifact
        self.problem = problem
        self.modifiedAt = modifiedAt
        self.modifiedBy = modifiedBy
        self.lookedAt = lookedAt
    }
}

/// A version as ListModelPackages lists it.
public struct PackageListing: Hashable, Sendable {
    public let arn: String
    public let version: Int
    public let status: ApprovalStatus
    public let createdAt: Moment

    public init(arn: String, version: Int, status: ApprovalStatus, createdAt: Moment) {
        self.arn = arn
        self.version = version
        self.status = status
        self.createdAt = createdAt
    }
}

extension Ledger {
    /// Events for one package within this time are one look.
    static let coalescing = Duration.seconds(5)

    /// The groups that feed the endpoints, once each.
    public var groups: [String] { Set(plans.values.flatMap(\.targets.values)).sorted() }

    /// Takes in complete listings of groups and asks for a look at what differs from the ledger.
    ///
    /// On first sight of a target its group's highest acceptable version is the one decision; the older
    /// ones are noted as what was there before Sluice.
    ///
    /// - Returns: How many looks were asked for.
    @discardableResult
    public func listed(_ listings: [String: [PackageListing]], now: Moment) async throws -> Int {
        try await store.write { transaction in
            var firsts: [FirstSight] = []
            let looks = try listings.sorted { $0.key < $1.key }.reduce(0) { count, entry in
                try transaction.run("DELETE FROM unlisted_groups WHERE package_group = ?", entry.key)
                return try count + listed(entry.key, entry.value, finding: &firsts, in: transaction, now: now)
            }
            // Each endpoint's together, so that what it first sees is one release and not one per group.
            for (name, decisions) in Dictionary(grouping: firsts, by: \.endpoint).sorted(by: {
                $0.key < $1.key
            }) {
                guard let plan = plans[name] else { continue }
                try settle(plan, in: transaction, now: now) { state in
                    for decision in decisions {
                        state.registryShowed(
                            decision.candidate,
                            was: nil,
                            at: decision.at,
                            by: decision.by,
                            now: now
                        )
                    }
                }
            }
            return looks
        }
    }

    /// The one decision about a target at first sight, where the ledger knows the version already.
    private struct FirstSight {
        let endpoint: String
        let candidate: Candidate
        let at: Moment
        let by: String?
    }

    /// Takes in that groups cannot be listed, for `status` to show until they can.
    public func couldNotList(_ troubles: [String: String], now: Moment) async throws {
        guard !troubles.isEmpty else { return }
        try await store.write { transaction in
            for (group, trouble) in troubles {
                for name in Set(feeds(of: group).map(\.plan.name)) {
                    try transaction.run(
                        """
                        INSERT INTO unlisted_groups (endpoint, package_group, trouble, since) VALUES (?, ?, ?, ?)
                        ON CONFLICT (endpoint, package_group) DO UPDATE SET trouble = excluded.trouble
                        """,
                        name,
                        group,
                        trouble,
                        now.milliseconds
                    )
                }
            }
        }
    }

    private func listed(
        _ group: String,
        _ listing: [PackageListing],
        finding firsts: inout [FirstSight],
        in transaction: any Transaction,
        now: Moment
    ) throws -> Int {
        var looks: Set<String> = []
        let known = try seenFeeds(in: transaction)
        let seen = feeds(of: group).filter { known.contains(Feed($0, group)) }
        for (plan, target) in feeds(of: group) where !known.contains(Feed((plan, target), group)) {
            let acceptable = listing.filter { plan.accepts.contains($0.status) }
            let highest = acceptable.max { $0.version < $1.version }
            if let highest { looks.insert(highest.arn) }
            try transaction.run(
                "INSERT INTO targets (endpoint, target, package_group, first_seen_at) VALUES (?, ?, ?, ?)",
                plan.name,
                target,
                group,
                now.milliseconds
            )
            let older = acceptable.count - (highest == nil ? 0 : 1)
            try journal(
                "event",
                "firstSight",
                endpoint: plan.name,
                "group \(group) feeds \(target): "
                    + (highest.map { "version \($0.version) is the highest acceptable one" }
                        ?? "no version is acceptable")
                    + (older > 0 ? "; \(older) older acceptable ones are from before Sluice" : ""),
                in: transaction,
                now: now
            )
            // A version that the ledger knows already is no news to a look: it is decided here.
            if let highest, let row = try self.known(highest.arn, in: transaction) {
                firsts.append(
                    FirstSight(
                        endpoint: plan.name,
                        candidate: try candidate(row, target: target, package: highest.arn, plan: plan),
                        at: Self.moment(try row.integer("modified_at")),
                        by: try row.optionalText("modified_by")
                    )
                )
            }
        }
        for version in listing where !looks.contains(version.arn) {
            guard let row = try self.known(version.arn, in: transaction) else {
                // At first sight every version of a group gets a line, so one without a line is new to
                // whoever had seen the group before. Its own times say nothing: AWS's clock is another.
                if seen.contains(where: { $0.plan.accepts.contains(version.status) }) {
                    looks.insert(version.arn)
                } else {
                    try write(version, group, in: transaction)
                }
                continue
            }
            if try row.text("status") != version.status.rawValue { looks.insert(version.arn) }
        }
        let listed = Set(listing.map(\.arn))
        for row in try transaction.rows(
            "SELECT arn FROM packages WHERE package_group = ? AND status <> 'Deleted'",
            group
        ) {
            let arn = try row.text("arn")
            if !listed.contains(arn) { looks.insert(arn) }
        }
        for arn in looks.sorted() { try ask(for: arn, group: group, in: transaction, now: now) }
        return looks.count
    }

    private func write(_ version: PackageListing, _ group: String, in transaction: any Transaction) throws {
        try transaction.run(
            """
            INSERT INTO packages (arn, package_group, version, status, modified_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (arn) DO NOTHING
            """,
            version.arn,
            group,
            version.version,
            version.status.rawValue,
            version.createdAt.milliseconds
        )
    }

    /// Asks for a look at a package, at most one in five seconds.
    func ask(for package: String, group: String, in transaction: any Transaction, now: Moment) throws {
        let last = try transaction.row("SELECT looked_at FROM packages WHERE arn = ?", package)?
            .optionalInteger("looked_at")
        let due = last.map { max(Self.moment($0) + Self.coalescing, now) } ?? now
        try transaction.run(
            """
            INSERT INTO looks (package, package_group, due_at) VALUES (?, ?, ?)
            ON CONFLICT (package) DO UPDATE SET asked = looks.asked + 1
            """,
            package,
            group,
            due.milliseconds
        )
    }

    /// Writes down what a look at a package showed, and decides nothing by it.
    func write(_ sight: PackageSight, in transaction: any Transaction, now: Moment) throws {
        try transaction.run(
            """
            INSERT INTO packages
                (arn, package_group, version, status, image, artifact, problem, modified_at, modified_by, looked_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (arn) DO UPDATE SET status = excluded.status, image = excluded.image,
                artifact = excluded.artifact, problem = excluded.problem, modified_at = excluded.modified_at,
                modified_by = excluded.modified_by, looked_at = excluded.looked_at
            """,
            sight.arn,
            sight.group,
            sight.version,
            sight.status.rawValue,
            sight.image,
            sight.artifact,
            sight.problem,
            sight.modifiedAt.milliseconds,
            sight.modifiedBy,
            (sight.lookedAt ?? now).milliseconds
        )
    }

    /// Takes in what a look at a package showed. A status the ledger already holds is no decision.
    func observe(_ sight: PackageSight, in transaction: any Transaction, now: Moment) throws {
        let old = try known(sight.arn, in: transaction)
        // That a package is gone is dated by our own clock, for want of another, so it is no measure of what
        // is seen later: an event may be faster than the package it tells of.
        if let old, try old.integer("modified_at") > sight.modifiedAt.milliseconds,
            try old.optionalInteger("looked_at") != nil,
            try old.text("status") != ApprovalStatus.deleted.rawValue
        {
            return
        }
        try write(sight, in: transaction, now: now)
        let was = try old.flatMap { ApprovalStatus(rawValue: try $0.text("status")) }
        let wasLooked = try old?.optionalInteger("looked_at") != nil
        guard was != sight.status || !wasLooked, let row = try known(sight.arn, in: transaction) else {
            return
        }
        if was != sight.status {
            try journal(
                "event",
                "registryShowed",
                "\(sight.arn) is \(sight.status.rawValue)\(was.map { ", was \($0.rawValue)" } ?? ", not seen before")",
                in: transaction,
                now: now
            )
        }
        for (plan, target) in feeds(of: sight.group) {
            let candidate = try candidate(row, target: target, package: sight.arn, plan: plan)
            try settle(plan, in: transaction, now: now) { state in
                state.registryShowed(
                    candidate,
                    was: was,
                    at: sight.modifiedAt,
                    by: sight.modifiedBy,
                    now: now
                )
            }
        }
    }

    func packages(of release: Release, in transaction: any Transaction) throws -> [String: PackageSight] {
        var sights: [String: PackageSight] = [:]
        for package in release.models.values.map(\.package) {
            guard let row = try known(package, in: transaction) else { continue }
            sights[package] = PackageSight(
                arn: package,
                group: try row.text("package_group"),
                version: Int(try row.integer("version")),
                status: ApprovalStatus(rawValue: try row.text("status")) ?? .deleted,
                image: try row.optionalText("image"),
                artifact: try row.optionalText("artifact"),
                problem: try row.optionalText("problem"),
                modifiedAt: Self.moment(try row.integer("modified_at")),
                modifiedBy: try row.optionalText("modified_by"),
                lookedAt: try row.optionalInteger("looked_at").map(Self.moment)
            )
        }
        return sights
    }

    func known(_ package: String, in transaction: any Transaction) throws -> Row? {
        try transaction.row("SELECT p.*, NULL AS decided_at FROM packages p WHERE arn = ?", package)
    }

    /// The target models a group feeds.
    func feeds(of group: String) -> [(plan: EndpointPlan, target: String)] {
        plans.values.sorted { $0.name < $1.name }.flatMap { plan in
            plan.targets.filter { $0.value == group }.keys.sorted().map { (plan, $0) }
        }
    }

    /// A target model as a group feeds it.
    struct Feed: Hashable {
        let endpoint: String
        let target: String
        let group: String

        init(_ feed: (plan: EndpointPlan, target: String), _ group: String) {
            (endpoint, target, self.group) = (feed.plan.name, feed.target, group)
        }

        init(_ row: Row) throws {
            endpoint = try row.text("endpoint")
            target = try row.text("target")
            group = try row.text("package_group")
        }
    }

    /// The target models whose group has been listed since they are fed by it.
    func seenFeeds(in transaction: any Transaction) throws -> Set<Feed> {
        Set(try transaction.rows("SELECT endpoint, target, package_group FROM targets").map(Feed.init))
    }
}
