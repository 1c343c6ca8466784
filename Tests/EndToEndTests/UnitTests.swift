import Foundation
import Native
import Testing

/// Deploying to all accounts of an organizational unit.
@Suite(.enabled(if: LocalAWS.url != nil))
struct UnitTests {
    /// What a release had when it was opened is where it goes; who joins meanwhile waits for the next.
    @Test func accountsThatJoinServeFromTheNextRelease() async throws {
        try await World.with { world in
            let unit = try await Unit(world)
            try await unit.add(world.prod)
            let closed = try await unit.account()
            try await unit.add(closed, state: "SUSPENDED")
            let first = "prod-\(world.prod)"
            let beginning = try await world.begin()
            #expect(beginning.first.serving.sorted() == [first, "staging"])
            #expect(try await world.served(in: world.prod) == beginning.served)
            #expect(
                try await world.status().leftOut == [
                    .init(account: closed, unit: unit.id, state: "SUSPENDED")
                ]
            )
            let plan = try await world.sluice("plan", World.endpoint, "--json").output
            #expect(plan.contains(first) && !plan.contains(closed))

            let (version, waiting) = try await world.next(2, "demand-de", [2, 2, 2])
            let joined = try await unit.account()
            try await unit.add(joined)
            try await world.eventually("the worker begins anew") {
                let log = beginning.worker.log
                return (log.contains("beginning anew") ? true : nil, log)
            }
            #expect(try await world.promote(waiting).status == 0)
            let second = try await world.release(2, ends: "released")
            #expect(second.stage("prod")?.accounts.map(\.name) == [first])
            #expect(try await world.served(in: world.prod)[World.de] == version.sha256)
            #expect(try await world.endpoint(in: joined) == nil)

            let (newest, third) = try await world.next(3, "demand-de", [1, 1, 1])
            #expect(try await world.promote(third).status == 0)
            let last = try await world.release(3, ends: "released")
            let both = [first, "prod-\(joined)"].sorted()
            #expect(last.stage("prod")?.accounts.map(\.name) == both)
            #expect(try await world.served(in: joined)[World.de] == newest.sha256)
            #expect(try await world.served(in: world.prod)[World.de] == newest.sha256)

            // One account of the unit is spoken of by its name.
            let back = try await world.sluice(
                "rollback",
                World.endpoint,
                "--account",
                first,
                "--reason",
                "prices look wrong there",
                "--wait",
                as: world.releaseManager
            )
            #expect(back.status == 0, "\(back.errors)")
            try await world.release(2, serves: [first])
            #expect(try await world.served(in: world.prod)[World.de] == version.sha256)
            #expect(try await world.served(in: joined)[World.de] == newest.sha256)
            #expect(try await world.quarantine().isEmpty)
        }
    }

    /// An account that is closed while a release waits for it is left out, and the release goes where it can.
    @Test func anAccountThatIsClosedIsLeftOut() async throws {
        try await World.with { world in
            let unit = try await Unit(world)
            try await unit.add(world.prod)
            let another = try await unit.account()
            try await unit.add(another)
            try await world.register("demand-de")
            let worker = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(waiting.stage("prod")?.accounts.count == 2)
            try await unit.close(another)
            try await world.eventually("the worker begins anew") {
                (worker.log.contains("beginning anew") ? true : nil, worker.log)
            }
            #expect(try await world.promote(waiting).status == 0)
            let released = try await world.release(1, ends: "released")
            #expect(released.stage("prod")?.accounts.map(\.name) == ["prod-\(world.prod)"])
            #expect(try await world.endpoint(in: another) == nil)
            let status = try await world.sluice("status").output
            #expect(
                status.contains("account \(another) of \(unit.id) is SUSPENDED, so nothing is deployed there")
            )
        }
    }

    /// Being one of several workers in a row takes nothing from how a worker ends.
    @Test func aWorkerThatIsIdleOrStoppedEndsWell() async throws {
        try await World.with { world in
            let unit = try await Unit(world)
            try await unit.add(world.prod)
            try await world.register("demand-de")
            let idle = try await world.sluice("worker", "--until-idle", as: world.worker)
            #expect(idle.status == 0, "\(idle.errors)")
            #expect(idle.errors.contains("nothing is left half recorded"))
            let waiting = try await world.release(1, waitsAt: "prod")

            let worker = try await world.startWorker()
            try await world.eventually("the worker begins") {
                (worker.log.contains("sluice begins") ? true : nil, worker.log)
            }
            try await unit.add(try await unit.account())
            try await world.eventually("the worker begins anew") {
                (worker.log.contains("beginning anew") ? true : nil, worker.log)
            }
            await worker.stop()
            #expect(worker.log.contains("nothing is left half recorded"), "\(worker.log)")
            let again = try await world.sluice("worker", "--until-idle", as: world.worker)
            #expect(again.status == 0, "\(again.errors)")
            #expect(try await world.release(1, waitsAt: "prod").id == waiting.id)
        }
    }

    // MARK: What cannot be

    @Test func aUnitWithoutAccountsIsRefused() async throws {
        try await World.with { world in
            let unit = try await Unit(world)
            let closed = try await unit.account()
            try await unit.add(closed, state: "SUSPENDED")
            try await world.register("demand-de")
            let outcome = try await world.sluice("worker", "--until-idle", as: world.worker)
            let sentence = "no account in \(unit.id) is active: \(closed) is SUSPENDED"
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
            #expect(try await world.releases().isEmpty)
            #expect(try await world.endpoint(in: world.staging) == nil)
            #expect(try await world.status().troubles.map(\.sentence) == [sentence])
            let doctor = try await world.sluice("doctor", as: world.worker)
            #expect(doctor.status == 1)
            #expect(doctor.output.contains("no account in \(unit.id) is active, \(closed) is SUSPENDED"))
            let plan = try await world.sluice("plan")
            #expect(plan.status == 1)
            #expect(plan.errors.contains("it is not known yet which accounts are in \(unit.id)"))
        }
    }

    /// Who may not read a unit is told what to do, and who could before goes on with what was read then.
    @Test func aUnitThatCannotBeReadChangesNothing() async throws {
        try await World.with { world in
            let management = String(Int.random(in: 100_000_000_000...999_999_999_999))
            let unit = try await Unit(world, management: management)
            try await unit.add(world.prod)
            let refused = try await world.sluice("worker", "--until-idle", as: world.worker)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("Organizations ListAccountsForParent of \(unit.id) was denied"))
            let doctor = try await world.sluice("doctor", as: world.worker)
            #expect(doctor.status == 1)
            #expect(doctor.output.contains("\(unit.id) cannot be read"))
            #expect(doctor.output.contains("organization's delegation policy"))
            #expect(doctor.output.contains("organizations:ListOrganizationalUnitsForParent"))
            let one = try await world.sluice("doctor", "--only", "prod-\(world.prod)", as: world.worker)
            #expect(one.status == 1)
            #expect(one.output.contains("\(unit.id) cannot be read"), "\(one.errors)")

            try await unit.delegate(to: world.registry)
            let examined = try await world.sluice("doctor", as: world.worker).output
            #expect(examined.contains("\(unit.id) has 1 active account"), "\(examined)")
            let beginning = try await world.begin()

            let fault = try await world.fault(
                "organizations.ListAccountsForParent",
                "AccessDeniedException",
                in: world.registry
            )
            let sentence = try await world.eventually("the trouble shows") {
                let troubles = try await world.status().troubles
                return (troubles.first { $0.subject == unit.id }?.sentence, "\(troubles)")
            }
            #expect(sentence.hasSuffix("; the accounts that it had go on"))
            await beginning.worker.stop()
            let again = try await world.startWorker()
            let (version, waiting) = try await world.next(2, "demand-de", [2, 2, 2])
            #expect(try await world.promote(waiting).status == 0)
            try await world.release(2, ends: "released")
            #expect(try await world.served(in: world.prod)[World.de] == version.sha256)

            try await world.mend(fault)
            try await world.eventually("the trouble is over") {
                let troubles = try await world.status().troubles
                return (troubles.isEmpty ? true : nil, "\(troubles)")
            }
            #expect(!again.log.contains("beginning anew"), "the accounts are the same")
        }
    }

    // MARK: What endpoints are called

    @Test func endpointsHaveTheAccountsOwnNames() async throws {
        try await World.with { world in
            let unit = try await Unit(world)
            try await unit.add(world.prod)
            try world.edit("prod.yaml", "region:", "endpointName: \"{endpoint}-{account}\"\nregion:")
            let name = "\(World.endpoint)-\(world.prod)"
            let beginning = try await world.begin()
            #expect(try await world.endpoint(in: world.prod) == nil)
            let live = try #require(try await world.endpoint(in: world.prod, called: name))
            #expect(live.serves == beginning.served)
            #expect(live.tags["sluice:endpoint"] == World.endpoint)

            let (version, waiting) = try await world.next(2, "demand-de", [2, 2, 2])
            #expect(try await world.promote(waiting).status == 0)
            try await world.release(2, ends: "released")
            let after = try #require(try await world.endpoint(in: world.prod, called: name))
            #expect(after.serves[World.de] == version.sha256)
            #expect(after.updates == 1)

            // Whoever switches it past Sluice is noticed under the same name.
            try await world.switchBack(in: world.prod, name, to: live.config)
            try await world.eventually("the drift shows") {
                let drift = try await world.status().serving.first { $0.name == "prod-\(world.prod)" }?.drift
                return (drift == live.config ? true : nil, "\(drift ?? "none")")
            }

            await beginning.worker.stop()
            let held = try await world.sluice(
                "teardown",
                World.endpoint,
                "--account",
                "prod-\(world.prod)",
                "--dry-run",
                as: world.worker
            )
            #expect(held.output.contains("endpoint \(name)"), "\(held.output)\(held.errors)")
        }
    }
}

extension Unit {
    /// Lets an account of the organization read it.
    func delegate(to account: String) async throws {
        let policy = """
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
             "Principal": {"AWS": "arn:aws:iam::\(account):root"},
             "Action": ["organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent"]}]}
            """
        _ = try await ask("PutResourcePolicy", ["Content": .string(policy)])
    }
}

extension World {
    fileprivate func switchBack(in account: String, _ endpoint: String, to config: String) async throws {
        try await aws.post(
            "aws",
            [
                "account": .string(account), "service": "sagemaker", "region": "eu-west-1",
                "operation": "UpdateEndpoint",
                "input": ["EndpointName": .string(endpoint), "EndpointConfigName": .string(config)],
            ]
        )
    }
}
