import Foundation
import GRDB
import Ledger
import Promotion
import Worker

/// The invariants, as far as they can be seen at any moment.
struct Rules {
    /// How long a version may still begin to serve after the registry took it back: events may be lost, and a
    /// sweep is five minutes away.
    static let grace: Int64 = 600_000

    /// What each package was made of when it was first tested, by endpoint and ARN.
    var tested: [String: String] = [:]
    /// Which targets answered, on which config.
    private var answers: Set<String> = []
    /// Who promoted which release, and who passed over its gate.
    var promotions: [String: Set<String>] = [:]
    var overrides: Set<String> = []
    /// When a package failed its smoke test and who was told, by endpoint and ARN.
    private var failed: [String: (at: Int64, worker: String)] = [:]
    /// When accounts verified releases first, by release and the account's name.
    var verified: [String: Int64] = [:]
    /// What was handed over: the bodies by queue and request id.
    var handedOver: [String: String] = [:]
    /// Who handed what over since all is calm.
    var handedOverInCalm: Set<String> = []
    /// The digests of the bodies that nobody may accept.
    var forged: Set<String> = []

    /// A target model was asked, and answered well or not.
    mutating func answered(
        _ target: String,
        at endpoint: String,
        in account: String,
        isGood: Bool,
        to worker: String,
        _ world: World
    ) {
        guard let here = world.aws.accounts[account], let live = here.endpoints[endpoint] else { return }
        answers.insert("\(account) \(live.config) \(target)")
        guard let package = here.configs[live.config]?.tags["sluice:model/\(target)"] else { return }
        let key = "\(endpoint) \(package)"
        if tested[key] == nil { tested[key] = world.aws.content(of: target, in: live.config, here) }
        // What fails in a stage is known to whoever drives it, and to nobody else.
        guard !isGood, let site = world.workers.first(where: { $0.id == worker })?.site else { return }
        // A decision that was made before and is heard of after lifts its bar.
        let isKnown = world.rows(
            "SELECT 1 FROM packages WHERE arn = ? AND status = ?",
            [package, world.aws.packages[package]?.status],
            of: site
        )
        if !isKnown.isEmpty { failed["\(site.part.name) \(key)"] = (world.now, worker) }
    }

    /// A new decision lifts the bars of a version, and a retry those of a release.
    mutating func lift(_ package: String) {
        for key in failed.keys where key.hasSuffix(" \(package)") { failed[key] = nil }
    }

    mutating func liftAll() { failed = [:] }

    /// A worker was killed, perhaps before it could tell anybody what it was answered.
    mutating func forget(_ worker: String) { failed = failed.filter { $0.value.worker != worker } }

    /// The moment before a switch.
    static func switches(
        _ name: String,
        to config: String,
        in account: String,
        _ here: SimulatedAWS.Account,
        _ worker: SimulatedWorker,
        _ world: World
    ) {
        let subject = "\(name) in \(account) to \(config)"
        world.tell("\(worker.id) switches \(subject)")
        world.tally["switches", default: 0] += 1
        let endpoint = here.endpoints[name]
        if endpoint?.pending == config || endpoint?.config == config && endpoint?.status == "InService" {
            world.violate(12, "a second switch of \(subject)")
        } else if let endpoint, endpoint.status == "Updating" {
            world.violate(3, "a switch of \(subject) while it is on its way to \(endpoint.pending ?? "")")
        }
        let names = world.scene.settings.folder.accounts.filter { $0.account == account }.map(\.name)
        guard
            let attempt = world.rows(
                """
                SELECT release, body, json_extract(body, '$.stage') AS stage, claimant,
                    json_extract(body, '$.startedAt') AS begun,
                    COALESCE(json_extract(body, '$.isRollback'), 0) AS back
                FROM attempts WHERE endpoint = ? AND account = ? AND ended_at IS NULL
                """,
                [name, names.first ?? ""],
                of: worker.site
            ).first
        else { return world.violate(12, "a switch of \(subject) that no attempt asks for") }
        if attempt["claimant"] as String? != worker.id {
            world.violate(12, "a switch of \(subject) by \(worker.id), whose claim it is not")
        }
        // What was live before is the way back, whatever became of it in the registry.
        if endpoint?.history.contains(config) ?? false || attempt["back"] as Int64? == 1 {
            world.tally["switches back", default: 0] += 1
            return
        }
        guard let tags = here.configs[config]?.tags, let release = tags["sluice:release"],
            let stage = attempt["stage"] as String?, let begun = attempt["begun"] as Int64?,
            let document = world.scene.settings.endpoint(name)?.stage(named: stage)
        else { return world.violate(6, "a switch of \(subject), which is of no release") }
        let models = tags.filter { $0.key.hasPrefix("sluice:model/") }.map {
            (target: String($0.key.dropFirst("sluice:model/".count)), package: $0.value)
        }.sorted { $0.target < $1.target }
        let accepts = Set(document.accepts.map(\.rawValue))
        for (target, arn) in models {
            let package = world.aws.packages[arn] ?? world.aws.gone[arn]
            let isGone = world.aws.packages[arn] == nil
            let isAccepted = !isGone && accepts.contains(package?.status ?? "")
            if !isAccepted, (package?.withdrawnAt ?? 0) + grace < world.now {
                world.violate(
                    1,
                    "\(stage) begins to serve \(arn), which is \(isGone ? "deleted" : package?.status ?? "")"
                )
            }
            let bars = world.rows(
                "SELECT at FROM bars WHERE endpoint = ? AND target = ? AND package = ? AND at < ?",
                [name, target, arn, begun],
                of: worker.site
            )
            let failedAt = world.rules.failed["\(worker.site.part.name) \(name) \(arn)"]?.at ?? .max
            if !bars.isEmpty || failedAt < begun {
                world.violate(8, "\(stage) begins to serve \(arn), which is barred")
            }
        }
        guard world.scene.settings.endpoint(name)?.stages.first?.name != stage else { return }
        for (target, arn) in models {
            let content = world.aws.content(of: target, in: config, here)
            if world.rules.tested["\(name) \(arn)"] != content {
                world.violate(2, "\(stage) begins to serve other bytes of \(target) than were tested")
            }
        }
        let isOpened = !world.rows(
            "SELECT 1 FROM journal WHERE release = ? AND stage = ? AND name = 'gateOpened'",
            [release, stage],
            of: worker.site
        ).isEmpty
        let people = world.rules.promotions["\(release) \(stage)"]?.count ?? 0
        if !isOpened
            || people < document.gate.approvals && !world.rules.overrides.contains("\(release) \(stage)")
        {
            world.violate(6, "\(release) enters \(stage) past its gate: \(people) people said yes")
        }
        let before = world.scene.settings.endpoint(name)?.stages.prefix { $0.name != stage } ?? []
        for missing in before.flatMap(\.accounts)
        where world.rules.verified["\(release) \(missing.name)"] == nil {
            world.violate(6, "\(release) enters \(stage) and was never verified in \(missing.name)")
        }
    }

    /// What a commit has made true.
    static func afterCommit(by worker: SimulatedWorker, in world: World) {
        let site = worker.site
        for row in world.rows("SELECT * FROM verified WHERE id > ?", [site.lastVerified], of: site) {
            site.lastVerified = row["id"]
            let key = "\(row["release"] as String) \(row["account"] as String)"
            if world.rules.verified[key] == nil { world.rules.verified[key] = row["at"] }
            let name: String = row["endpoint"]
            let config: String = row["config"]
            let account = world.scene.settings.account(row["account"])?.account ?? ""
            let live = world.aws.accounts[account]?.endpoints[name]
            if live?.config != config || live?.status != "InService" {
                world.violate(
                    4,
                    "\(config) is verified in \(account), where \(live?.config ?? "nothing") is live"
                )
            }
            let tests = world.rows(
                """
                SELECT value AS target FROM attempts, json_each(attempts.body, '$.tests')
                WHERE attempts.account = ? AND attempts.config = ?
                """,
                [row["account"] as String?, config],
                of: site
            )
            for test in tests {
                let target: String = test["target"]
                if !world.rules.answers.contains("\(account) \(config) \(target)") {
                    world.violate(4, "\(config) is verified in \(account), and \(target) was asked nothing")
                }
            }
        }
        for row in world.rows(
            "SELECT rowid AS place, * FROM releases WHERE rowid > ?",
            [site.lastRelease],
            of: site
        ) {
            site.lastRelease = row["place"]
            // What is handed over is barred there by its own ledger, and ends so.
            guard site.composes(row["endpoint"]) else {
                isComposed(row, in: world)
                continue
            }
            let barred = world.rows(
                """
                SELECT package FROM bars, json_each(?, '$.models') AS model
                WHERE endpoint = ? AND target = model.key AND package = json_extract(model.value, '$.package')
                """,
                [row["body"] as String?, row["endpoint"] as String?],
                of: site
            )
            if !barred.isEmpty {
                world.violate(8, "release \(row["id"] as String) is composed of what is barred")
            }
        }
        guard world.sites.count > 1 else { return }
        remembersWhatItSent(site, world)
        acceptsNothingForged(site, world)
    }

    /// An object was removed.
    static func removed(_ place: String, in aws: SimulatedAWS, _ world: World) {
        for (number, account) in aws.accounts {
            for (name, endpoint) in account.endpoints {
                for config in [endpoint.config, endpoint.pending].compactMap(\.self) {
                    guard let url = account.configs[config].flatMap({ account.models[$0.model]?.url }) else {
                        continue
                    }
                    if "s3://\(place)".hasPrefix(url) {
                        world.violate(7, "\(place) was removed while \(name) in \(number) serves from there")
                    }
                }
            }
        }
    }

    /// A model is about to be removed.
    static func removesModel(
        _ model: String,
        _ here: SimulatedAWS.Account,
        _ account: String,
        _ world: World
    ) {
        for (name, endpoint) in here.endpoints {
            let needed = [endpoint.config, endpoint.pending].compactMap(\.self)
            if needed.contains(where: { here.configs[$0]?.model == model }) {
                world.violate(7, "model \(model) was removed while \(name) in \(account) serves it")
            }
        }
    }
}
