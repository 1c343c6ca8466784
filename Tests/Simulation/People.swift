import Foundation
import GRDB
import Native
import Promotion
import TestTools
import Worker

/// Whoever and whatever acts upon the worker from outside: data scientists, approvers, operators, and the
/// machines under it.
struct People {
    let world: World
    private var versions: [String: Int] = [:]
    private let groups: [String]
    private let endpoints: [String]
    private let accounts: [String]
    /// The registry's, and those of accounts with workers of their own.
    private let queues: [String]

    init(_ world: World) {
        self.world = world
        let folder = world.scene.settings.folder
        endpoints = folder.endpoints.map(\.name)
        groups = folder.endpoints.flatMap { $0.models.values.map(\.name) }.sorted()
        accounts = folder.accounts.map(\.name)
        queues = folder.queues(nil)
    }

    /// What there is before the first worker.
    mutating func begin() {
        for group in groups where world.chance.below(4) > 0 {
            register(group, isApproved: true, isGood: true)
        }
    }

    /// One thing happens.
    mutating func act() {
        if world.sites.count > 1, world.chance.below(8) == 0 { return Forger(world).act() }
        switch world.chance.below(30) {
        case 0, 1, 2, 3, 4:
            // A bar that is forgotten is missed where the next release holds the version still.
            let bad = world.fault == .forgottenBar ? 3 : 1
            register(world.chance.pick(groups), isApproved: true, isGood: world.chance.below(5) >= bad)
        case 5: register(world.chance.pick(groups), isApproved: false, isGood: world.chance.below(4) > 0)
        case 6, 7: change(to: "Approved")
        case 8, 9: change(to: "Rejected")
        case 10: change(to: "PendingManualApproval")
        case 11: delete()
        case 12: overwrite()
        case 13, 14, 15, 16, 17: promote()
        case 18: ask("reject", waiting())
        case 19: hold("hold")
        case 20: hold("resume")
        case 21: ask("retry", release("state IN ('failed', 'errored', 'refused', 'aborted')"))
        case 22: rollback()
        case 23, 24: plan()
        case 25: if let worker = worker() { world.crash(worker, oneIn: 1, "by somebody") }
        case 26:
            guard let worker = worker() else { break }
            worker.pausedUntil = world.now + Int64(world.chance.below(90_000))
            world.tell("\(worker.id) is paused until \(worker.pausedUntil - World.start)")
        case 27:
            world.tell("every session expires")
            world.aws.expireSessions()
        case 28:
            let queue = queues.count == 1 ? queues[0] : world.chance.pick(queues)
            world.aws.post("{nonsense", by: Scene.stranger, to: queue, at: world.now, world.name())
        default: forge()
        }
    }

    private func worker() -> SimulatedWorker? {
        let living = world.workers.filter(\.isAlive)
        return living.isEmpty ? nil : world.chance.pick(living)
    }

    // MARK: The registry

    private mutating func register(_ group: String, isApproved: Bool, isGood: Bool) {
        versions[group, default: 0] += 1
        let version = versions[group] ?? 1
        let artifact = "registry/\(group)/\(version).tar.gz"
        if world.chance.below(20) > 0 || version == 1 {
            let content = "\(group) \(version) \(isGood ? "good" : "bad")"
            world.aws.objects[artifact] = SimulatedAWS.Object(content: content, number: world.name())
        }
        let package = SimulatedAWS.Package(
            group: group,
            version: version,
            status: isApproved ? "Approved" : "PendingManualApproval",
            createdAt: world.now,
            modifiedAt: world.now,
            artifact: "s3://\(artifact)",
            withdrawnAt: isApproved ? .max : world.now
        )
        world.aws.packages[package.arn] = package
        world.tell("\(group)/\(version) is registered, \(package.status)")
        announce(package)
    }

    /// Changes what the ledger has seen: a change back that nobody saw is no decision.
    private func change(to status: String) {
        let known = Dictionary(
            world.rows("SELECT arn, status FROM packages", of: world.sites[0]).map {
                ($0["arn"] as String, $0["status"] as String)
            },
            uniquingKeysWith: { $1 }
        )
        let found = world.aws.packages.values.filter { $0.status != status && known[$0.arn] == $0.status }
            .sorted { ($0.group, $0.version) < ($1.group, $1.version) }
        guard !found.isEmpty else { return }
        var package = world.chance.pick(Array(found.suffix(4)))
        // A stage may accept more than what is approved, and becoming acceptable to it is a decision too.
        let stages = world.scene.settings.folder.endpoints.flatMap(\.stages)
        let accepted = Set(stages.flatMap(\.accepts).map(\.rawValue))
        if accepted.contains(status), status == "Approved" || !accepted.contains(package.status) {
            world.rules.lift(package.arn)
        }
        package.status = status
        package.modifiedAt = world.now
        package.withdrawnAt = status == "Approved" ? .max : min(package.withdrawnAt, world.now)
        world.aws.packages[package.arn] = package
        world.tell("\(package.group)/\(package.version) becomes \(status)")
        announce(package)
    }

    private func delete() {
        let found = world.aws.packages.values.sorted { ($0.group, $0.version) < ($1.group, $1.version) }
        guard found.count > 4 else { return }
        var package = world.chance.pick(found)
        package.withdrawnAt = min(package.withdrawnAt, world.now)
        world.aws.packages[package.arn] = nil
        world.aws.gone[package.arn] = package
        world.tell("\(package.group)/\(package.version) is deleted")
        announce(package)
    }

    /// Somebody puts another archive in an artifact's place.
    private func overwrite() {
        let keys = world.aws.objects.keys.filter { $0.hasPrefix("registry/") }.sorted()
        guard !keys.isEmpty else { return }
        let key = world.chance.pick(keys)
        var object = SimulatedAWS.Object(content: "\(key) overwritten", number: world.name())
        if world.fault == .lyingCopy, let old = world.aws.objects[key] {
            object = SimulatedAWS.Object(content: object.content, number: old.number, pretended: old.content)
        }
        world.aws.objects[key] = object
        world.tell("\(key) is overwritten")
    }

    private func announce(_ package: SimulatedAWS.Package) {
        post(
            event: "SageMaker Model Package State Change",
            account: SimulatedAWS.registry,
            ["ModelPackageArn": package.arn, "ModelPackageGroupName": package.group]
        )
    }

    /// An event about something that never happened.
    private func forge() {
        let group = world.chance.pick(groups)
        let arn =
            "arn:aws:sagemaker:eu-west-1:\(SimulatedAWS.registry):model-package/\(group)/\(1 + world.chance.below(30))"
        post(
            event: "SageMaker Model Package State Change",
            account: SimulatedAWS.registry,
            ["ModelPackageArn": arn, "ModelPackageGroupName": group, "ModelApprovalStatus": "Approved"]
        )
    }

    private func post(event: String, account: String, _ detail: [String: String]) {
        world.post(event: event, account: account, detail)
    }

    // MARK: Requests

    /// To the queues of those that it concerns, as the commands do.
    private func post(
        _ action: String,
        _ fields: [String: String?],
        about place: (endpoint: String?, stage: String?, account: String?),
        by sender: String = Scene.anna
    ) {
        var message: [String: Any] = [
            "sluice": 1, "action": action, "reason": "because", "requestId": "request-\(world.name())",
        ]
        for (key, value) in fields { message[key] = value }
        let data = try? JSONSerialization.data(withJSONObject: message, options: .sortedKeys)
        let folder = world.scene.settings.folder
        for queue in folder.queues(place.endpoint, stage: place.stage, account: place.account) {
            world.post(String(decoding: data ?? Data(), as: UTF8.self), by: sender, to: queue)
        }
        world.tell("\(sender) asks: \(action) \(fields.sorted { $0.key < $1.key }.compactMap(\.value))")
    }

    private func hold(_ action: String) {
        let (endpoint, stage) = (world.chance.pick(endpoints + ["*"]), stage())
        let about = endpoint == "*" ? nil : endpoint
        post(action, ["endpoint": endpoint, "stage": stage], about: (about, about == nil ? nil : stage, nil))
    }

    private func stage() -> String? {
        world.chance.below(3) == 0
            ? nil : world.chance.pick(world.scene.settings.folder.endpoints.flatMap { $0.stages.map(\.name) })
    }

    private func release(_ condition: String) -> (id: String, stage: String)? {
        let found = world.rows(
            """
            SELECT id, json_extract(body, '$.course[' || json_extract(body, '$.position') || '].stage') AS stage
            FROM releases WHERE \(condition) ORDER BY number
            """
        )
        guard !found.isEmpty else { return nil }
        let row = world.chance.pick(Array(found.suffix(3 * world.sites.count)))
        return (row["id"], row["stage"])
    }

    private func endpoint(of release: String) -> String { String(release.prefix { $0 != "." }) }

    private func waiting() -> (id: String, stage: String)? { release("state = 'waiting'") }

    private func ask(_ action: String, _ release: (id: String, stage: String)?) {
        guard let release else { return }
        if action == "retry" { world.rules.liftAll() }
        let fields =
            action == "retry" ? ["release": release.id] : ["release": release.id, "stage": release.stage]
        let stage =
            action == "retry" && world.sites.count > 1 && world.chance.hits(oneIn: 2) ? nil : release.stage
        post(
            action,
            fields,
            about: (endpoint(of: release.id), stage, nil),
            by: world.chance.pick([Scene.anna, Scene.bert])
        )
    }

    private func promote() {
        guard let release = waiting() ?? release("1 = 1") else { return }
        var person = world.chance.pick([Scene.anna, Scene.anna, Scene.bert, Scene.bert, Scene.stranger])
        if world.fault == .forgedSender { person = Scene.stranger }
        promote(release, by: person, isOverride: world.chance.below(8) == 0)
    }

    private func promote(_ release: (id: String, stage: String), by person: String, isOverride: Bool = false)
    {
        let key = "\(release.id) \(release.stage)"
        if person != Scene.stranger { world.rules.promotions[key, default: []].insert(person) }
        if isOverride, person == Scene.anna { world.rules.overrides.insert(key) }
        var message: [String: Any] = [
            "sluice": 1, "action": "promote", "reason": "because", "release": release.id,
            "stage": release.stage, "requestId": "request-\(world.name())",
        ]
        if isOverride { message["override"] = true }
        let data = try? JSONSerialization.data(withJSONObject: message, options: .sortedKeys)
        for queue in world.scene.settings.folder.queues(endpoint(of: release.id), stage: release.stage) {
            world.post(String(decoding: data ?? Data(), as: UTF8.self), by: person, to: queue)
        }
        world.tell("\(person) promotes \(key)\(isOverride ? " in an emergency" : "")")
    }

    private func rollback() {
        let (endpoint, account) = (world.chance.pick(endpoints), world.chance.pick(accounts))
        post("rollback", ["endpoint": endpoint, "account": account], about: (endpoint, nil, account))
    }

    /// What becomes of an update to come.
    private func plan() {
        let account = world.chance.pick(world.scene.settings.folder.accounts).account
        let course: SimulatedAWS.Endpoint.Course = world.chance.pick([
            .silent, .silent, .reason("The container failed its health check"),
            .reason("Unable to provision: insufficient capacity"),
        ])
        world.aws.courses[account, default: []].append(course)
        world.tell("the next update in \(account) comes to nothing")
    }

    // MARK: The calm

    func resumeAll() {
        for endpoint in endpoints { resume(endpoint) }
    }

    private func resume(_ endpoint: String) {
        for row in world.rows("SELECT DISTINCT stage FROM holds WHERE endpoint = ?", [endpoint]) {
            let stage = (row["stage"] as String).isEmpty ? nil : row["stage"] as String
            post("resume", ["endpoint": endpoint, "stage": stage], about: (endpoint, stage, nil))
        }
    }

    /// Answers whatever waits for somebody.
    ///
    /// - Returns: Whether anything did.
    func seeToIt() -> Bool {
        let holds = world.rows("SELECT 1 FROM holds")
        if !holds.isEmpty { resumeAll() }
        let waiting = world.rows(
            """
            SELECT id, json_extract(body, '$.course[' || json_extract(body, '$.position') || '].stage') AS stage
            FROM releases WHERE state = 'waiting' AND json_extract(body, '$.waitingFor') NOT LIKE '% in the registry; %'
            """
        )
        for row in waiting {
            for person in [Scene.anna, Scene.bert] { promote((row["id"], row["stage"]), by: person) }
        }
        return !holds.isEmpty || !waiting.isEmpty
    }
}

extension World {
    /// Puts a message on the queue, which may be doubled and come late; events may also be lost.
    func post(_ body: String, by sender: String, to queue: String, mayBeLost: Bool = false) {
        let isOdd = chance.hits(oneIn: weather.events)
        var copies = 1
        if isOdd { copies = mayBeLost ? chance.below(3) : 1 + chance.below(2) }
        for _ in 0..<copies {
            let delay = isOdd ? Int64(chance.below(120_000)) : Int64(chance.below(2_000))
            aws.post(body, by: sender, to: queue, at: now + delay, name())
        }
    }

    /// - Parameter queue: Whose worker hears of it; nil is the registry's.
    func post(event: String, account: String, to queue: String? = nil, _ detail: [String: String]) {
        let message: [String: Any] = [
            "version": "0", "id": "event-\(name())", "detail-type": event, "source": "aws.sagemaker",
            "account": account, "region": "eu-west-1", "resources": [], "detail": detail,
        ]
        let data = try? JSONSerialization.data(withJSONObject: message, options: .sortedKeys)
        post(
            String(decoding: data ?? Data(), as: UTF8.self),
            by: "AIDAEVENTS",
            to: queue ?? scene.settings.registry.queue,
            mayBeLost: true
        )
    }

    /// What EventBridge says of an endpoint, where somebody has set it up.
    func announce(endpoint: String, in account: String) {
        guard chance.below(2) == 0 else { return }
        let queue = scene.settings.folder.accounts.first { $0.account == account }?.queue
        post(
            event: "SageMaker Endpoint State Change",
            account: account,
            to: queue,
            ["EndpointName": endpoint]
        )
    }
}
