import Foundation
import GRDB
import Ledger
import Promotion
import TestTools
import Worker

/// What must hold once nothing goes wrong any more and nobody is waited for.
enum Rest {
    static func check(_ world: World) {
        for release in openReleases(world) { world.violate(5, "release \(release)") }
        for row in world.rows("SELECT * FROM attempts WHERE ended_at IS NULL") {
            world.violate(5, "an attempt of \(row["release"] as String) is still \(row["state"] as String)")
        }
        let left = world.aws.messages.count
        if left > 0 { world.violate(5, "\(left) messages are still on the queue") }
        for site in world.sites {
            checkApprovals(site, world)
            checkOwed(site, world)
            checkJournal(site, world)
        }
        for endpoint in world.scene.settings.folder.endpoints {
            for site in world.sites where site.composes(endpoint.name) {
                let wish = Wish(endpoint, site, world)
                checkEndpoint(endpoint, wish, site, world)
                checkHandedOver(endpoint, wish, from: site, world)
            }
            for stage in endpoint.stages {
                for account in stage.accounts { checkServing(endpoint, stage, account, world) }
            }
        }
        checkSecrets(world)
    }

    /// Releases that have not ended, but for those at a gate that only another decision in the registry opens.
    static func openReleases(_ world: World) -> [String] {
        world.rows(
            """
            SELECT id || ' is still ' || state || ': ' || COALESCE(json_extract(body, '$.waitingFor'), '') AS text
            FROM releases WHERE ended_at IS NULL
            """
        ).map { $0["text"] as String }.filter { !$0.contains(" in the registry; ") }
    }

    /// None is lost, and each has come to its end, or says what it waits for.
    private static func checkApprovals(_ site: Site, _ world: World) {
        for row in world.rows(
            "SELECT * FROM approvals WHERE ending IS NULL AND NOT EXISTS (SELECT 1 FROM releases WHERE id = approvals.release AND ended_at IS NULL)",
            of: site
        ) {
            let package: String = row["package"]
            let endpoint: String = row["endpoint"]
            // What was withdrawn before a release could take it waits for another decision.
            let release: String? = row["release"]
            world.violate(
                5,
                "the approval of \(package) for \(endpoint) is open, in \(release ?? "no release")"
            )
        }
        for endpoint in world.scene.settings.folder.endpoints where site.composes(endpoint.name) {
            for (target, group) in endpoint.models.sorted(by: { $0.key < $1.key }) {
                let isSeen = world.rows(
                    "SELECT first_seen_at AS at FROM targets WHERE endpoint = ? AND target = ?",
                    [endpoint.name, target],
                    of: site
                ).first.map { $0["at"] as Int64 }
                guard let isSeen else { continue }
                for package in world.aws.packages.values
                where package.group == group.name && package.status == "Approved"
                    && package.modifiedAt > isSeen
                {
                    let found = world.rows(
                        "SELECT 1 FROM approvals WHERE endpoint = ? AND target = ? AND package = ?",
                        [endpoint.name, target, package.arn],
                        of: site
                    )
                    if found.isEmpty {
                        world.violate(5, "the approval of \(package.arn) for \(endpoint.name) was never seen")
                    }
                }
            }
        }
    }

    /// What the latest decisions ask an endpoint to serve, as whoever composes its releases knows them.
    struct Wish {
        /// For each target the acceptable, unbarred version decided last.
        var wanted: [String: String] = [:]
        /// What was decided later and then withdrawn or deleted goes nowhere, and stays where it serves.
        private var left: [String: Set<String>] = [:]
        private let endpoint: EndpointDocument
        private let world: World

        init(_ endpoint: EndpointDocument, _ site: Site, _ world: World) {
            self.endpoint = endpoint
            self.world = world
            let accepts = Set(endpoint.stages.flatMap { $0.accepts.map(\.rawValue) })
            for target in endpoint.models.keys.sorted() {
                let decisions = world.rows(
                    """
                    SELECT a.package, p.version, MAX(a.decided_at) AS at
                    FROM approvals a JOIN packages p ON p.arn = a.package
                    WHERE a.endpoint = ? AND a.target = ? AND NOT EXISTS (SELECT 1 FROM bars b
                        WHERE b.endpoint = a.endpoint AND b.target = a.target AND b.package = a.package)
                    GROUP BY a.package ORDER BY at DESC, p.version DESC
                    """,
                    [endpoint.name, target],
                    of: site
                )
                let packages = decisions.map { $0["package"] as String }
                let index = packages.firstIndex { accepts.contains(world.aws.packages[$0]?.status ?? "") }
                wanted[target] = index.map { packages[$0] }
                left[target] = Set(
                    packages[..<(index ?? packages.endIndex)].filter {
                        world.aws.packages[$0]?.status != "Rejected"
                    }
                )
            }
        }

        /// Whether every account that a site drives serves it, and nothing that was withdrawn since.
        func isServedWhole(by site: Site) -> Bool {
            let accounts = endpoint.stages.flatMap(\.accounts).filter {
                site.settings.driven.contains($0.name)
            }
            return accounts.allSatisfy { serves(endpoint.name, in: $0.account, world) == wanted }
        }

        func isServed(in account: String) -> Bool {
            let serving = serves(endpoint.name, in: account, world)
            return endpoint.models.keys.allSatisfy { target in
                serving[target] == wanted[target]
                    || serving[target].map { left[target]?.contains($0) == true } ?? false
            }
        }
    }

    private static func checkEndpoint(
        _ endpoint: EndpointDocument,
        _ wish: Wish,
        _ site: Site,
        _ world: World
    ) {
        let latest = world.rows(
            "SELECT id, state FROM releases WHERE endpoint = ? ORDER BY opening DESC",
            [endpoint.name],
            of: site
        )
        guard let newest = latest.first, !wish.wanted.isEmpty else {
            if !wish.wanted.isEmpty { world.violate(9, "nothing of \(endpoint.name) was ever released") }
            return
        }
        let id: String = newest["id"]
        let state: String = newest["state"]
        guard state == "released" else { return }
        for account in endpoint.stages.flatMap(\.accounts)
        where site.settings.driven.contains(account.name) && !wish.isServed(in: account.account) {
            let serving = serves(endpoint.name, in: account.account, world).sorted { $0.key < $1.key }
            world.violate(
                9,
                "\(account.name) serves \(serving) of \(endpoint.name), and "
                    + "\(wish.wanted.sorted { $0.key < $1.key }) was decided last (\(id), \(state))"
            )
        }
    }

    /// The packages that are live somewhere, by target.
    static func serves(_ endpoint: String, in account: String, _ world: World) -> [String: String] {
        guard let here = world.aws.accounts[account], let live = here.endpoints[endpoint],
            let tags = here.configs[live.config]?.tags
        else { return [:] }
        var found: [String: String] = [:]
        for (key, package) in tags where key.hasPrefix("sluice:model/") {
            found[String(key.dropFirst("sluice:model/".count))] = package
        }
        return found
    }

    /// What the ledger says is served is served, whole and well; nothing rejected is.
    private static func checkServing(
        _ endpoint: EndpointDocument,
        _ stage: StageDocument,
        _ account: AccountDocument,
        _ world: World
    ) {
        guard let site = world.site(driving: account.name) else { return }
        let live = world.aws.accounts[account.account]?.endpoints[endpoint.name]
        let row = world.rows(
            "SELECT * FROM serving WHERE endpoint = ? AND account = ?",
            [endpoint.name, account.name],
            of: site
        ).first
        guard let row else {
            if let live, live.status == "InService", !live.history.isEmpty,
                world.rows(
                    "SELECT 1 FROM attempts WHERE endpoint = ? AND account = ?",
                    [endpoint.name, account.name],
                    of: site
                ).isEmpty
            {
                world.violate(5, "\(account.name) serves \(live.config), and nothing says so")
            }
            return
        }
        let config: String = row["config"]
        if live?.status != "InService" || live?.config != config {
            let isAsked = !world.rows(
                "SELECT 1 FROM journal WHERE endpoint = ? AND stage = ? AND name = 'held'",
                [endpoint.name, stage.name],
                of: site
            ).isEmpty
            if !isAsked {
                world.violate(
                    7,
                    "\(account.name) should serve \(config), and \(live?.config ?? "nothing") is \(live?.status ?? "there")"
                )
            }
            return
        }
        for (target, package) in serves(endpoint.name, in: account.account, world) {
            guard let content = world.aws.content(of: target, at: endpoint.name, in: account.account) else {
                world.violate(7, "\(account.name) serves \(target) without its artifact")
                continue
            }
            if content.contains("bad") { world.violate(4, "\(account.name) serves \(content)") }
            let isStranded = row["stranded"] as Int64 == 1
            if world.aws.packages[package]?.status == "Rejected", !isStranded,
                endpoint.onRejection == .rollback
            {
                world.violate(1, "\(account.name) serves \(package), which is rejected")
            }
        }
    }

    /// The journal holds together.
    private static func checkJournal(_ site: Site, _ world: World) {
        let done = DoneFlag()
        let ledger = Ledger(PlainStore(site: site), plans: site.settings.plans)
        Task(executorPreference: world.loom) {
            do {
                let verification = try await ledger.verify()
                if !verification.isSound {
                    world.violate(6, "the journal does not hold together: \(verification.faults.map(\.text))")
                }
            } catch {
                world.violate(6, "the journal cannot be verified: \(error)")
            }
            done.isDone = true
        }
        world.loom.run { world.chance.below($0) }
        if !done.isDone { world.violate(6, "the journal was not verified") }
    }

    private final class DoneFlag: @unchecked Sendable {
        var isDone = false
    }

    private struct PlainStore: Store {
        let site: Site

        func read<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws
            -> Value
        { try site.transact(body).0 }

        func write<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value)
            async throws
            -> Value
        { try site.transact(body).0 }
    }

    private static func checkSecrets(_ world: World) {
        let tables = world.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table'",
            of: world.sites[0]
        ).map { $0["name"] as String }
        for table in tables {
            for row in world.rows("SELECT * FROM \"\(table)\"") {
                if row.databaseValues.contains(where: { "\($0)".contains(SimulatedAWS.secret) }) {
                    world.violate(11, "table \(table) holds a secret")
                }
            }
        }
    }
}
