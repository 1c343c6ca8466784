import Foundation
import GRDB
import Native
import Promotion
import TestTools
import Worker

/// Whoever posts hand-offs that are not right: somebody who may hand over none, or a worker that may and says
/// what is not so.
struct Forger {
    let world: World

    init(_ world: World) { self.world = world }

    func act() {
        if world.chance.hits(oneIn: 3) { return vouch() }
        let sent = world.rules.handedOver.sorted { $0.key < $1.key }
        guard !sent.isEmpty else { return }
        let (key, body) = world.chance.pick(sent)
        let queue = String(key.prefix { $0 != " " })
        let accounts = world.scene.settings.folder.accounts
        guard let account = accounts.first(where: { $0.queue == queue }),
            let pattern = account.upstream.first,
            var message = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        else { return }
        let worker = "\(pattern.person):sluice-\(world.name())"
        switch world.chance.below(10) {
        case 0:
            // SQS delivers it once more, or the same worker under another session.
            world.post(body, by: worker, to: queue)
            return world.tell("the hand-off of \(message["release"] ?? "") comes once more")
        case 1, 2:
            let strangers = [Scene.stranger, Scene.anna, "AROASTRANGER:sluice-\(world.name())"]
            message["requestId"] = "forged-\(world.name())"
            return post(message, by: world.chance.pick(strangers), to: queue, "by a stranger")
        case 3: message["models"] = otherModels(message, in: "package") { $0 + "0" }
        case 4: message["models"] = otherModels(message, in: "url") { $0.replacing(".tar", with: ".tgz") }
        case 5: message["digest"] = (try? Digest.hex(Digest.sha256("another"))) ?? ""
        case 6: message["evidence"] = otherEvidence(message)
        case 7: message["stage"] = otherStage(message)
        case 8: message["models"] = otherPins(message)
        default: message["sender"] = worker
        }
        message["requestId"] = "forged-\(world.name())"
        // Whatever is said of another stage may go to whoever drives that.
        let stage = message["stage"] as? String
        let there = accounts.first { $0.stage == stage && $0.queue != nil } ?? account
        let isThere = there.queue != queue && world.chance.hits(oneIn: 2)
        let sender = isThere ? "\(there.upstream.first?.person ?? ""):sluice-\(world.name())" : worker
        post(message, by: sender, to: (isThere ? there.queue : nil) ?? queue, "with a lie in it")
    }

    /// A stranger says that a release which is on its way was verified already, and nothing else is wrong in it.
    private func vouch() {
        let accounts = world.scene.settings.folder.accounts.filter { $0.queue != nil }
        let account = world.chance.pick(accounts)
        let releases = world.rows(
            "SELECT * FROM releases WHERE state <> 'released' ORDER BY opening DESC",
            of: world.sites[0]
        )
        guard let row = releases.first, let endpoint = world.scene.settings.endpoint(row["endpoint"]),
            let body = try? JSONSerialization.jsonObject(with: Data((row["body"] as String).utf8)),
            let versions = (body as? [String: Any])?["models"] as? [String: [String: Any]]
        else { return }
        let before = endpoint.stages.prefix { $0.name != account.stage }
        let time = world.date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let evidence = before.flatMap { stage in
            stage.accounts.map { account -> [String: Any] in
                [
                    "account": account.account, "stage": stage.name, "verifiedAt": time,
                    "checks": ["looks right"],
                ]
            }
        }
        let models = versions.mapValues { version -> [String: Any] in
            let url = version["artifact"] as? String ?? ""
            let object = world.aws.objects[String(url.dropFirst("s3://".count))]
            let sum = object.flatMap { Data(base64Encoded: $0.sum) }.map { Digest.hex([UInt8]($0)) }
            let pin: [String: Any] = [
                "url": url, "owner": SimulatedAWS.registry, "etag": object?.etag ?? "",
                "size": object?.size ?? 0,
                "sha256": sum ?? "",
            ]
            return [
                "package": version["package"] ?? "", "image": version["image"] ?? "", "url": url, "pin": pin,
            ]
        }
        let message: [String: Any] = [
            "sluice": 1, "action": "handoff", "release": row["id"] as String,
            "digest": row["digest"] as String,
            "stage": account.stage, "models": models, "evidence": evidence,
            "requestId": "forged-\(world.name())",
        ]
        post(message, by: "AROASTRANGER:sluice", to: account.queue ?? "", "and vouches for it")
    }

    private func post(_ message: [String: Any], by sender: String, to queue: String, _ what: String) {
        let data = try? JSONSerialization.data(withJSONObject: message, options: .sortedKeys)
        let body = String(decoding: data ?? Data(), as: UTF8.self)
        if let digest = try? Digest.hex(Digest.sha256(body)) { world.rules.forged.insert(digest) }
        world.tally["hand-offs forged", default: 0] += 1
        world.post(body, by: sender, to: queue)
        world.tell("\(sender) hands \(message["release"] ?? "") over to \(queue) \(what)")
    }

    private func otherModels(_ message: [String: Any], in field: String, _ change: (String) -> String)
        -> [String: Any]
    {
        var models = message["models"] as? [String: [String: Any]] ?? [:]
        guard let target = models.keys.min(), let text = models[target]?[field] as? String else {
            return models
        }
        models[target]?[field] = change(text)
        if field == "url", var pin = models[target]?["pin"] as? [String: Any] {
            pin["url"] = change(text)
            models[target]?["pin"] = pin
        }
        return models
    }

    private func otherPins(_ message: [String: Any]) -> [String: Any] {
        var models = message["models"] as? [String: [String: Any]] ?? [:]
        guard let target = models.keys.min(), var pin = models[target]?["pin"] as? [String: Any] else {
            return models
        }
        pin["etag"] = "\"another\""
        models[target]?["pin"] = pin
        return models
    }

    /// None, or of an account that there is not, or from a time to come.
    private func otherEvidence(_ message: [String: Any]) -> [[String: Any]] {
        var evidence = message["evidence"] as? [[String: Any]] ?? []
        let kind = world.chance.below(3)
        guard kind > 0, !evidence.isEmpty else { return [] }
        if kind == 1 {
            evidence[0]["account"] = "999999999999"
        } else {
            evidence[0]["verifiedAt"] = "2036-01-01T00:00:00.000Z"
        }
        return evidence
    }

    private func otherStage(_ message: [String: Any]) -> String {
        let endpoint = (message["release"] as? String ?? "").prefix { $0 != "." }
        let stages = world.scene.settings.endpoint(String(endpoint))?.stages.map(\.name) ?? []
        return world.chance.pick(stages.filter { $0 != message["stage"] as? String })
    }
}
