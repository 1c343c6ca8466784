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
    private typealias Message = [String: Any]

    init(_ world: World) { self.world = world }

    func act() {
        let sent = world.rules.handedOver.sorted { $0.key < $1.key }
        let isMadeUp = sent.isEmpty || world.chance.below(2) == 0
        let accounts = world.scene.settings.folder.accounts.filter { $0.queue != nil }
        var account = world.chance.pick(accounts)
        var message = isMadeUp ? madeUp(for: account) : nil
        if !isMadeUp {
            let (key, body) = world.chance.pick(sent)
            account = accounts.first { key.hasPrefix("\($0.queue ?? "") ") } ?? account
            message = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? Message
            if world.chance.below(3) == 0 {
                // SQS delivers it once more, or the same worker under another session, or as another message.
                let isAnother = world.chance.below(2) == 0
                let name = "\"requestId\":\""
                let copy = isAnother ? body.replacing(name, with: "\(name)again-\(world.name())-") : body
                world.post(copy, by: worker(before: account), to: account.queue ?? "")
                return world.tell("the hand-off of \(message?["release"] ?? "") comes once more")
            }
        }
        guard let message else { return }
        if world.chance.below(3) == 0 {
            let strangers = [Scene.stranger, Scene.anna, "AROASTRANGER:sluice-\(world.name())"]
            return post(message, by: world.chance.pick(strangers), to: account, "as a stranger")
        }
        let lie = lie(in: message)
        // What is said of another stage may go to whoever drives that.
        if let other = accounts.first(where: { $0.stage == lie["stage"] as? String }) { account = other }
        post(lie, by: worker(before: account), to: account, "with a lie in it")
    }

    /// A worker that may hand over to an account.
    private func worker(before account: AccountDocument) -> String {
        "\(account.upstream.first?.person ?? ""):sluice-\(world.name())"
    }

    private func post(_ message: Message, by sender: String, to account: AccountDocument, _ what: String) {
        var message = message
        message["requestId"] = "forged-\(world.name())"
        let data = try? JSONSerialization.data(withJSONObject: message, options: .sortedKeys)
        let body = String(decoding: data ?? Data(), as: UTF8.self)
        if let digest = try? Digest.hex(Digest.sha256(body)) { world.rules.forged.insert(digest) }
        world.tally["hand-offs forged", default: 0] += 1
        world.post(body, by: sender, to: account.queue ?? "")
        world.tell("\(sender) hands \(message["release"] ?? "") over to \(account.name) \(what)")
    }

    // MARK: Lies

    private func lie(in message: Message) -> Message {
        var lie = message
        let models = message["models"] as? [String: Message] ?? [:]
        let evidence = message["evidence"] as? [Message] ?? []
        switch world.chance.below(8) {
        case 0: lie["models"] = others(models)
        case 1: lie["models"] = models.mapValues { $0.merging(["image": "image:2"]) { $1 } }
        case 2: lie["digest"] = (try? Digest.hex(Digest.sha256("another"))) ?? ""
        case 3: lie["evidence"] = Array(evidence.dropLast())
        case 4: lie["evidence"] = evidence.map { $0.merging(["account": "999999999999"]) { $1 } }
        case 5:
            lie["evidence"] = evidence.map { $0.merging(["verifiedAt": "2036-01-01T00:00:00.000Z"]) { $1 } }
        case 6:
            let stages = endpoint(of: message)?.stages.map(\.name) ?? []
            let others = stages.filter { $0 != message["stage"] as? String }
            lie["stage"] = others.isEmpty ? "moon" : world.chance.pick(others)
        default:
            lie["models"] = models.mapValues { model in
                let pin = (model["pin"] as? Message ?? [:]).merging(["etag": "\"another\""]) { $1 }
                return model.merging(["pin": pin]) { $1 }
            }
        }
        return lie
    }

    /// Another version of the first target's group in its place, with everything that belongs to it.
    private func others(_ models: [String: Message]) -> [String: Message] {
        guard let target = models.keys.min(), let package = models[target]?["package"] as? String,
            let known = world.aws.packages[package] ?? world.aws.gone[package]
        else { return [:] }
        let found = world.aws.packages.values.filter { $0.group == known.group && $0.arn != package }
            .max { $0.version < $1.version }
        guard let found else { return [:] }
        var models = models
        models[target] = model(found.arn, "image:1", found.artifact)
        return models
    }

    // MARK: What nobody verified

    /// The hand-off of a release that is not verified in the first stage, or not for now, and says that it is.
    private func madeUp(for account: AccountDocument) -> Message? {
        let row = world.rows(
            "SELECT * FROM releases WHERE state <> 'released' ORDER BY opening DESC",
            of: world.sites[0]
        ).first
        guard let row, let endpoint = world.scene.settings.endpoint(row["endpoint"]),
            let body = try? JSONSerialization.jsonObject(with: Data((row["body"] as String).utf8))
                as? Message,
            let versions = body["models"] as? [String: Message]
        else { return nil }
        let time = world.date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let before = endpoint.stages.prefix { $0.name != account.stage }
        return [
            "sluice": 1, "action": "handoff", "release": row["id"] as String,
            "digest": row["digest"] as String,
            "stage": account.stage,
            "models": versions.mapValues {
                model(
                    $0["package"] as? String ?? "",
                    $0["image"] as? String ?? "",
                    $0["artifact"] as? String ?? ""
                )
            },
            "evidence": before.flatMap { stage in
                stage.accounts.map { account -> Message in
                    [
                        "account": account.account, "stage": stage.name, "verifiedAt": time,
                        "checks": ["looks right"],
                    ]
                }
            },
        ]
    }

    private func model(_ package: String, _ image: String, _ url: String) -> Message {
        let object = world.aws.objects[String(url.dropFirst("s3://".count))]
        let sum = object.flatMap { Data(base64Encoded: $0.sum) }.map { Digest.hex([UInt8]($0)) }
        let pin: Message = [
            "url": url, "owner": SimulatedAWS.registry, "etag": object?.etag ?? "", "size": object?.size ?? 0,
            "sha256": sum ?? "",
        ]
        return ["package": package, "image": image, "url": url, "pin": pin]
    }

    private func endpoint(of message: Message) -> EndpointDocument? {
        world.scene.settings.endpoint((message["release"] as? String ?? "").prefix { $0 != "." }.description)
    }
}
