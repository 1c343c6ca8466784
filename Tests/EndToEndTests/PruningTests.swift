import Native
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct PruningTests {
    /// Of five releases the first two are nobody's way back: they go from both accounts, and nothing else does.
    @Test func whatIsLiveOrTheWayBackIsNeverPruned() async throws {
        try await World.with { world in
            try world.edit("demand-forecast.yaml", "serves: multi-model", "serves: multi-model\nkeep: 1")
            let beginning = try await world.begin()
            let denied = try await world.fault(
                "s3.DeleteObjects",
                "AccessDenied",
                in: world.staging,
                status: 403
            )
            var releases = [beginning.first]
            var latest = beginning.de
            for number in 2...5 {
                let (version, waiting) = try await world.next(number, "demand-de", [2, 2, Double(number)])
                try await world.promote(waiting)
                releases.append(try await world.release(number, ends: "released"))
                latest = version
                guard number == 4 else { continue }
                // What cannot be removed is said, is in nobody's way, and is removed later.
                try await world.eventually("staging's refusal is logged") {
                    let isSaid = world.logs.contains(
                        "left in account staging was not all removed: S3 DeleteObjects"
                    )
                    return (isSaid ? true : nil, "nothing of it")
                }
                #expect(try await world.prefixes(in: "staging").count == 4)
                try await world.mend(denied)
            }

            let kept = Set(releases[2...].map(\.id))
            for (name, account) in [("staging", world.staging), ("prod", world.prod)] {
                try await world.eventually("\(name) has what it needs and no more") {
                    let prefixes = try await world.prefixes(in: name)
                    let removed = try await world.subjects(of: "DeleteEndpointConfig", in: account).count
                    return (prefixes == kept && removed == 2 ? true : nil, "\(prefixes), \(removed) removed")
                }
                let names = releases[..<2].map { $0.id.replacing(".", with: "-") }.sorted()
                #expect(try await world.subjects(of: "DeleteModel", in: account) == names)
                #expect(
                    try await world.subjects(of: "DeleteEndpointConfig", in: account)
                        == names.map { "\($0)-1" }
                )
                #expect(
                    try await world.served(in: account) == [
                        World.de: latest.sha256, World.fr: beginning.fr.sha256,
                    ]
                )
                let answer = try await world.aws.post(
                    "invoke",
                    [
                        "account": .string(account), "endpoint": .string(World.endpoint),
                        "target": .string(World.fr), "body": "1,2,3",
                    ]
                )
                #expect(answer["version"] == 1)
                let shown = try await world.sluice("show", releases[0].id, "--json")
                #expect(shown.output.contains("\"pruned\""))
            }

            // What was pruned and is wanted again is copied anew.
            let deploy = try await world.deploy(beginning.de)
            #expect(deploy.status == 0)
            try await world.promote(try await world.release(1, waitsAt: "prod"))
            try await world.release(1, ends: "released")
            #expect(try await world.served(in: world.staging) == beginning.served)
            #expect(try await world.served(in: world.prod) == beginning.served)
        }
    }
}

extension World {
    /// The releases that have artifacts in an account.
    fileprivate func prefixes(in name: String) async throws -> Set<String> {
        Set(
            try await objects(in: name).keys.compactMap {
                $0.split(separator: "/").dropFirst().first.map(String.init)
            }
        )
    }

    /// What an operation was called about with success.
    fileprivate func subjects(of operation: String, in account: String) async throws -> [String] {
        let calls = try await aws.get("calls?account=\(account)").array ?? []
        return calls.filter { $0["operation"]?.string == operation && $0["status"] == 200 }
            .compactMap { $0["subject"]?.string }.sorted()
    }
}
