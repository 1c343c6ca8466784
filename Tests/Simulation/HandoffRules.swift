import Foundation
import GRDB
import Native
import Promotion
import Worker

/// What must hold where one worker hands releases over to another, over all ledgers together.
extension Rules {
    /// A message that a worker sends to another.
    static func handsOver(_ body: String, to queue: String, _ worker: SimulatedWorker, _ world: World) {
        world.tally["hand-offs sent", default: 0] += 1
        guard let message = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any],
            message["action"] as? String == "handoff",
            let release = message["release"] as? String, let stage = message["stage"] as? String,
            let evidence = message["evidence"] as? [[String: Any]],
            let endpoint = world.scene.settings.endpoint(String(release.prefix { $0 != "." }))
        else { return world.violate(6, "a worker sends what is no hand-off: \(body)") }
        let key = "\(queue) \(message["requestId"] as? String ?? "")"
        if let known = world.rules.handedOver[key], known != body {
            world.violate(6, "\(release) is handed over to \(queue) once more, with other content")
        }
        world.rules.handedOver[key] = body
        // Two may do it at the same moment, but none twice where nothing went wrong.
        if world.isCalm, !world.rules.handedOverInCalm.insert("\(worker.id) \(key)").inserted {
            world.violate(5, "\(release) is handed over to \(queue) again and again")
        }
        let places = Set(evidence.map { "\($0["stage"] ?? "") \($0["account"] ?? "")" })
        for before in endpoint.stages.prefix(while: { $0.name != stage }) {
            for account in before.accounts {
                if !places.contains("\(before.name) \(account.account)") {
                    world.violate(6, "\(release) is handed over without a word of \(account.name)")
                } else if world.rules.verified["\(release) \(account.name)"] == nil {
                    world.violate(6, "\(release) is handed over and was never verified in \(account.name)")
                }
            }
        }
    }

    /// A release that came to a ledger by a hand-off: there is one such, with the same content.
    static func isComposed(_ row: Row, in world: World) {
        let (id, digest): (String, String) = (row["id"], row["digest"])
        let endpoint: String = row["endpoint"]
        let known = world.sites.filter { $0.composes(endpoint) }.flatMap { site in
            world.rows(
                """
                SELECT 1 FROM releases WHERE id = ? AND digest = ?
                    AND json_extract(body, '$.models') = json_extract(?, '$.models')
                """,
                [id, digest, row["body"] as String],
                of: site
            )
        }
        if known.isEmpty { world.violate(6, "\(id) was handed over, and nobody composed it") }
    }

    /// What a ledger says was handed over has come to the other queue.
    static func remembersWhatItSent(_ site: Site, _ world: World) {
        for row in world.rows("SELECT * FROM handoffs WHERE sent_at >= ?", [site.lastSentAt], of: site) {
            site.lastSentAt = row["sent_at"]
            if world.rules.handedOver["\(row["queue"] as String) \(row["id"] as String)"] == nil {
                world.violate(5, "\(row["release"] as String) counts as handed over and was never sent")
            }
        }
    }

    /// What is taken over was not verified before what was taken over already, in whatever order messages come.
    private static func isLatest(_ release: String, _ site: Site, _ world: World) {
        let endpoint = world.scene.settings.endpoint(String(release.prefix { $0 != "." }))
        let first = endpoint?.stages.first { $0.accounts.contains { site.settings.driven.contains($0.name) } }
        let before = endpoint?.stages.prefix { $0.name != first?.name }.last?.name
        let later = world.rows(
            """
            SELECT 1 FROM evidence e JOIN evidence other ON other.stage = e.stage AND other.account = e.account
            WHERE e.release = ?1 AND e.stage = ?2 AND other.release LIKE ?3 AND e.verified_at < other.verified_at
            """,
            [release, before, "\(endpoint?.name ?? "").%"],
            of: site
        )
        if !later.isEmpty {
            world.violate(9, "\(release) is taken over after what was verified after it")
        }
    }

    /// What a ledger has taken over was sent by whoever may, and what its evidence says is so.
    static func acceptsNothingForged(_ site: Site, _ world: World) {
        for row in world.rows(
            "SELECT rowid AS place, * FROM requests WHERE rowid > ?",
            [site.lastRequest],
            of: site
        ) {
            site.lastRequest = row["place"]
            let (key, verdict): (String, String) = (row["key"], row["verdict"])
            guard row["action"] as String == "handoff" else { continue }
            world.tally["hand-offs \(verdict)", default: 0] += 1
            let body = key.split(separator: " ").last.map(String.init) ?? ""
            if verdict == "accepted", world.rules.forged.contains(body) {
                world.violate(6, "a forged hand-off of \(row["release"] as String? ?? "") is accepted")
            }
            if verdict == "accepted" { isLatest(row["release"] as String? ?? "", site, world) }
        }
        for row in world.rows(
            "SELECT * FROM evidence WHERE sender IS NOT NULL AND at >= ?",
            [site.lastEvidenceAt],
            of: site
        ) {
            site.lastEvidenceAt = row["at"]
            let (release, stage, number): (String, String, String) = (
                row["release"], row["stage"], row["account"]
            )
            let endpoint = world.scene.settings.endpoint(String(release.prefix { $0 != "." }))
            let account = endpoint?.stage(named: stage)?.accounts.first { $0.account == number }
            guard let name = account?.name,
                let at = world.rules.verified["\(release) \(name)"], at <= row["verified_at"] as Int64
            else {
                world.violate(6, "\(site.part.name) believes that \(release) was verified in \(number)")
                continue
            }
        }
    }
}

/// What must hold between ledgers once all has come to rest.
extension Rest {
    /// What is owed to another worker has come there.
    static func checkOwed(_ site: Site, _ world: World) {
        for row in world.rows("SELECT * FROM handoffs WHERE due_at IS NOT NULL", of: site) {
            world.violate(
                5,
                "\(row["release"] as String) is still to be handed over to \(row["account"] as String)"
            )
        }
        for row in world.rows("SELECT * FROM handoffs_received", of: site) {
            world.violate(5, "the hand-off of \(row["release"] as String) is still to be judged")
        }
    }

    /// What whoever composes serves in all of its accounts has come to every account after them, as it would
    /// have with one worker, or ended there for a reason of that stage's own.
    static func checkHandedOver(
        _ endpoint: EndpointDocument,
        _ wish: Wish,
        from site: Site,
        _ world: World
    ) {
        guard !wish.wanted.isEmpty, let wanted = serves(endpoint, site, world),
            wish.isServedWhole(by: site), isHandedOn(wanted, endpoint, site, world),
            isThere(wish, site, world)
        else { return }
        var reached = [site]
        for stage in endpoint.stages {
            for account in stage.accounts {
                guard let next = world.site(driving: account.name), next !== site else { continue }
                if serves(endpoint, next, world) == wanted {
                    reached.append(next)
                } else if before(stage, of: endpoint, world).allSatisfy({ driver in
                    reached.contains { $0 === driver }
                }) {
                    excuse(wanted, in: account, next, world)
                }
            }
        }
    }

    private static func before(_ stage: StageDocument, of endpoint: EndpointDocument, _ world: World)
        -> [Site]
    {
        let stages = endpoint.stages.prefix { $0.name != stage.name }
        return stages.flatMap(\.accounts).compactMap { world.site(driving: $0.name) }
    }

    /// Whether the artifacts are still what they were pinned as. What is another since is refused everywhere.
    private static func isThere(_ wish: Wish, _ site: Site, _ world: World) -> Bool {
        world.rows("SELECT * FROM pins", of: site).allSatisfy { row in
            let place = (row["url"] as String).dropFirst("s3://".count)
            return !wish.wanted.values.contains(row["package"] as String)
                || world.aws.objects[String(place)]?.etag == row["etag"] as String
        }
    }

    /// Whether a release that serves is what its worker released last, or went back to from what was rejected.
    /// Where something newer failed in the first stage, nothing goes on with one worker either.
    private static func isHandedOn(
        _ release: String,
        _ endpoint: EndpointDocument,
        _ site: Site,
        _ world: World
    ) -> Bool {
        let newest = world.rows(
            """
            SELECT id, state, json_extract(body, '$.reason') AS reason
            FROM releases WHERE endpoint = ? ORDER BY opening DESC LIMIT 1
            """,
            [endpoint.name],
            of: site
        ).first
        let reason = newest?["reason"] as String? ?? ""
        switch newest?["state"] as String? {
        case "released": return newest?["id"] == release
        case "aborted": return reason.contains("was rejected in the registry")
        default: return false
        }
    }

    /// The release that every account of a site serves, as its ledger has it.
    private static func serves(_ endpoint: EndpointDocument, _ site: Site, _ world: World) -> String? {
        let ids = Set(
            world.rows("SELECT release FROM serving WHERE endpoint = ?", [endpoint.name], of: site).map {
                $0["release"] as String
            }
        )
        return ids.count == 1 ? ids.first : nil
    }

    private static func excuse(_ wanted: String, in account: AccountDocument, _ site: Site, _ world: World) {
        let row = world.rows(
            "SELECT *, json_extract(body, '$.reason') AS reason FROM releases WHERE id = ?",
            [wanted],
            of: site
        ).first
        let state = row?["state"] as String? ?? "unknown"
        let reason = row?["reason"] as String? ?? ""
        let isExcused =
            switch state {
            case "failed", "errored", "refused": !reason.isEmpty
            // A person took it back.
            case "aborted": reason.contains("AIDA")
            // Only another decision in the registry opens its gate.
            case "waiting", "rolling": true
            default: false
            }
        if !isExcused {
            world.violate(
                9,
                "\(wanted) was verified before \(account.name), and is \(state) there: \(reason)"
            )
        }
    }
}
