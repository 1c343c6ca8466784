import Foundation
import Testing

@testable import Promotion

/// Walks both machines from every state that can be reached, with every kind of event, and holds what
/// it sees against the exits that the states declare, and those against the README's diagrams.
@Suite struct TransitionTests {
    /// What the attempt's reactions depend on; attempts alike in it are walked on from once.
    struct Place: Hashable {
        let state: Attempt.State
        let isFirst: Bool
        let hasSoak: Bool
        let isRollback: Bool
        let isRecalled: Bool
        let isReused: Bool
    }

    static func events(at now: Moment) -> [Attempt.Event] {
        let kinds: [EndpointSight.Kind] = [.inService, .inProgress, .failed, .impaired]
        let sights = kinds.flatMap { kind in
            ["old", "new", "stray"].flatMap { config in
                [nil, "no capacity"].map { sight(kind, on: config, at: now, because: $0) }
            }
        }
        let old = sight(.inService, on: "old", at: second(100))
        return [
            .inspected(Inspection(endpoint: nil, isOurs: true)),
            .inspected(Inspection(endpoint: old, isOurs: true)),
            .inspected(Inspection(endpoint: old, isOurs: false)), .endpointDeleted, .artifactsCopied,
            .modelCreated(name: "model"), .endpointConfigCreated(name: "new"),
            .endpointConfigCreated(name: "old"), .endpointConfigCreated(name: "stray"),
            .endpointUpdateAccepted,
            .modelsAnswered(evidence: "de: 2 replies"), .checkFailed(blame: .targets(["de"]), sentence: "no"),
            .withdrawn(sentence: "gone"),
            .soakEnded, .soakCut,
        ] + sights.map { .endpointSeen($0) }
            + sights.map { .inspected(Inspection(endpoint: $0, isOurs: true)) }
            + Failure.Class.allCases.map { .effectFailed(Failure($0, "it did not work")) }
    }

    @Test func everyAttemptTransitionIsDeclaredAndEveryDeclaredOneHappens() {
        var spent = Pace()
        spent.retry.budget = .zero
        spent.retry.vanishedTries = 0
        var seen: Set<Diagram.Edge> = []
        var visited: Set<Place> = []
        var ways: [Attempt] = [.zero, .minutes(10)].map { AttemptScript(soak: $0).attempt }
        ways += ["old", "new"].map { AttemptScript(rollbackTo: $0).attempt }
        while let attempt = ways.popLast() {
            let place = Place(
                state: attempt.state,
                isFirst: attempt.before == nil,
                hasSoak: attempt.soak > .zero,
                isRollback: attempt.isRollback,
                isRecalled: attempt.recalled != nil,
                isReused: attempt.reuses != nil && attempt.reuses == attempt.configName
            )
            guard visited.insert(place).inserted else { continue }
            let now = (attempt.dueAt ?? second(1000)) + .seconds(1)
            var recalled = attempt
            recalled.recall(because: "rejected", now: now)
            var nexts = [recalled]
            for event in Self.events(at: now) {
                for pace in [Pace(), spent] {
                    var next = attempt
                    next.apply(event, now: now, pace: pace)
                    nexts.append(next)
                }
            }
            for next in nexts {
                #expect((next.owed == nil) == next.state.isEnded)
                #expect((next.dueAt == nil) == next.state.isEnded)
                #expect((next.endedAt == nil) != next.state.isEnded)
                if next.state != attempt.state {
                    #expect(attempt.state.exits.contains(next.state), "\(attempt.state) to \(next.state)")
                    seen.insert(Diagram.Edge(from: attempt.state.rawValue, to: next.state.rawValue))
                }
                ways.append(next)
            }
        }
        #expect(Set(visited.map(\.state)) == Set(Attempt.State.allCases))
        #expect(Set(Diagram.attempt.filter { !$0.description.contains("[*]") }) == seen)
    }

    /// What can happen to an endpoint, each as one step.
    static let steps: [@Sendable (inout World) -> Void] = [
        { $0.look(at: de(1), .approved) },
        { $0.look(at: de(2), .approved) },
        { $0.look(at: de(2), .rejected) },
        { $0.look(at: de(2), .pending) },
        { $0.finish("staging") },
        { $0.finish("staging", .rolledBack) },
        { $0.finish("staging", .errored) },
        { $0.finish("staging", .withdrawn) },
        { $0.finish("prod") },
        { $0.finish("prod", .rolledBack) },
        { world in world.newestOpen.map { _ = world.ask(.promote(release: $0, stage: "prod"), by: anna) } },
        { world in world.newestOpen.map { _ = world.ask(.reject(release: $0, stage: "prod"), by: anna) } },
        { world in world.newestEnded.map { _ = world.ask(.retry(release: $0, target: nil), by: olga) } },
        { world in world.ask(.deploy(models: ["de": de(1).package]), by: olga) },
        { $0.pass(.days(8)) },
    ]

    /// One release rolls in prod while a newer one that holds the same version waits there.
    private static func twoUnderWay() -> World {
        var world = World(plan(targets: ["de", "fr"]))
        world.look(at: de(1), .approved)
        world.finish("staging")
        world.newestOpen.map { _ = world.ask(.promote(release: $0, stage: "prod"), by: anna) }
        world.look(at: fr(1), .approved)
        world.finish("staging")
        return world
    }

    private static let back: @Sendable (inout World) -> Void = {
        $0.ask(.rollback(account: "staging", release: nil), by: olga)
    }

    private static func twoReleased() -> World {
        var world = World(plan(targets: ["de"]))
        for number in 1...2 {
            world.look(at: de(number), .approved)
            world.settleDown()
        }
        return world
    }

    /// Staging went back to a release that a newer one had superseded at the gate.
    private static func backOnASupersededOne() -> World {
        var world = World(plan(targets: ["de"]))
        for number in 1...3 {
            world.look(at: de(number), .approved)
            world.finish("staging")
        }
        world.ask(.rollback(account: "staging", release: nil), by: olga)
        world.finish("staging")
        return world
    }

    @Test func everyReleaseTransitionIsDeclaredAndEveryDeclaredOneHappens() {
        var seen: Set<Diagram.Edge> = []
        var visited: Set<String> = []
        var level = [World(plan(targets: ["de"]))]
        for depth in 1...6 {
            let isLast = depth == 6
            if isLast { level += [Self.twoUnderWay(), Self.backOnASupersededOne(), Self.twoReleased()] }
            let steps = Self.steps + (isLast ? [Self.back] : [])
            var next: [World] = []
            for world in level {
                for step in steps {
                    var world = world
                    world.now = world.now + .seconds(1)
                    step(&world)
                    guard visited.insert(world.place).inserted else { continue }
                    #expect(world.faults == [])
                    for change in world.changes {
                        guard let from = change.from else {
                            #expect(change.to == .waiting)
                            continue
                        }
                        #expect(from.exits.contains(change.to), "\(from) to \(change.to)")
                        seen.insert(Diagram.Edge(from: from.rawValue, to: change.to.rawValue))
                    }
                    next.append(world)
                }
            }
            level = next
        }
        #expect(Set(Diagram.release.filter { !$0.description.contains("[*]") }) == seen)
    }

    static let readme = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("README.md")

    @Test(.enabled(if: FileManager.default.fileExists(atPath: readme.path), "there is no README yet"))
    func theReadmeShowsTheSameDiagrams() throws {
        let text = try String(contentsOf: Self.readme, encoding: .utf8)
        #expect(
            Diagram.edges(in: text, after: "attempt states") == Diagram.attempt,
            "the diagram should be:\n\(Diagram.mermaid(Diagram.attempt))"
        )
        #expect(
            Diagram.edges(in: text, after: "release states") == Diagram.release,
            "the diagram should be:\n\(Diagram.mermaid(Diagram.release))"
        )
    }

    @Test func aDiagramIsReadAsItWasWritten() {
        for edges in [Diagram.attempt, Diagram.release] {
            let text = "# Title\n<!-- other -->\n<!-- states -->\n\(Diagram.mermaid(edges))\nmore --> text\n"
            #expect(Diagram.edges(in: text, after: "states") == edges)
            #expect(Diagram.edges(in: text, after: "no such marker") == nil)
        }
    }
}

extension World {
    fileprivate var newestOpen: String? {
        releases.values.filter(\.isOpen).max { $0.opening < $1.opening }?.id
    }

    fileprivate var newestEnded: String? {
        releases.values.filter { !$0.isOpen }.max { $0.opening < $1.opening }?.id
    }

    /// What the endpoint's reactions depend on, without the times.
    fileprivate var place: String {
        let statuses = registry.map { "\($0.key) \($0.value)" }.sorted()
        let barred = bars.map { Version.name(of: $0.package) }.sorted()
        let served = serving.map { "\($0.key) \($0.value.release)" }.sorted()
        let open = approvals.map(\.package).sorted()
        return
            "\(situation) | \(statuses) | \(barred) | \(served) | \(open) | \(holds.count) | \(openingCount)"
    }
}
