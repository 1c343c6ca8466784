import Foundation
import Worker

/// An accounts folder to play with.
struct Scene: Sendable {
    let name: String
    /// The registry's first; more where accounts have workers of their own.
    let parts: [Part]
    let tick = Duration.seconds(15)

    /// People, as SQS names them.
    static let anna = "AIDAANNA"
    static let bert = "AIDABERT"
    static let stranger = "AIDASTRANGER"

    /// What the workers of one ledger drive, and who they are.
    struct Part: Sendable {
        let name: String
        let settings: Settings
        /// The role that they run as, and the account that it is in.
        let role: String
        let account: String
    }

    /// The registry's workers' settings. What they share with the others' is the accounts folder.
    var settings: Settings { parts[0].settings }

    /// Six in eighteen seeds play accounts with workers of their own.
    static func of(_ seed: UInt64) -> Scene {
        let scenes = seed / 6 % 3 == 2 ? relayed : central
        return scenes[Int(seed % UInt64(scenes.count))]
    }

    private static let central = scenes {
        try [
            Scene("two stages, one person", endpoints: ["demand": endpoint("demand", prod: people(1))]),
            Scene(
                "many accounts, two people, an override",
                accounts: ["staging": ["east", "west"], "prod": ["asia", "europe"]],
                endpoints: [
                    "demand": endpoint("demand", prod: people(2) + "\n      mayOverride: [\(anna)]")
                ]
            ),
            Scene(
                "by itself, after a lag",
                endpoints: ["demand": endpoint("demand", prod: "", lag: "lag: 2m")]
            ),
            Scene(
                "one stage, and whoever fails is left out",
                accounts: ["staging": ["staging"]],
                endpoints: ["demand": endpoint("demand", prod: nil, more: "onModelFailure: exclude")]
            ),
            Scene(
                "two endpoints, and a rejection holds one",
                endpoints: [
                    "demand": endpoint("demand", prod: people(1), more: "onRejection: hold"),
                    "prices": endpoint("prices", prod: people(1)),
                ]
            ),
            Scene(
                "announced, and a sandbox for what is not approved",
                accounts: ["sandbox": ["sandbox"], "staging": ["staging"], "prod": ["prod"]],
                endpoints: ["demand": endpoint("demand", prod: people(1), isSandboxed: true)],
                registry: "events: sluice-events\n"
            ),
        ]
    }

    private static let relayed = scenes {
        try [
            Scene(
                "handed over to prod",
                endpoints: ["demand": endpoint("demand", prod: people(1) + "\n      mayOverride: [\(anna)]")],
                upstream: ["prod": ["registry"]]
            ),
            Scene(
                "handed over twice, after a lag",
                accounts: ["staging": ["east", "west"], "canary": ["canary"], "prod": ["prod"]],
                endpoints: [
                    "demand": endpoint("demand", canary: "soak: 1m", prod: people(1), lag: "lag: 2m")
                ],
                registry: "role: arn:aws:iam::\(SimulatedAWS.registry):role/reader\n",
                upstream: ["canary": ["registry"], "prod": ["canary"]]
            ),
            Scene(
                "handed over to two, one endpoint by itself, and a rejection holds it",
                accounts: ["staging": ["staging"], "prod": ["asia", "europe"]],
                endpoints: [
                    "demand": endpoint("demand", prod: people(2)),
                    "prices": endpoint("prices", prod: "", more: "onRejection: hold"),
                ],
                registry: "events: sluice-events\n",
                upstream: ["asia": ["registry"], "europe": ["registry"]]
            ),
        ]
    }

    private static func scenes(_ make: () throws -> [Scene]) -> [Scene] {
        do { return try make() } catch { fatalError("a scene cannot be read: \(error)") }
    }

    /// The role that a worker runs as: the registry's, or that of an account with one of its own.
    static func role(of worker: String) -> String { "AROA\(worker.uppercased())" }

    private static func people(_ count: Int) -> String {
        "gate:\n      approvals: \(count)\n      approvers: [\(anna), \(bert)]\n      expires: 40m"
    }

    private static func endpoint(
        _ name: String,
        canary: String? = nil,
        prod: String?,
        lag: String? = nil,
        isSandboxed: Bool = false,
        more: String = ""
    ) -> String {
        let sandbox = "  - stage: sandbox\n    accepts: [Approved, PendingManualApproval]\n"
        var text = """
            kind: endpoint
            name: \(name)
            serves: multi-model
            models:
              de.tar.gz: \(name)-de
              fr.tar.gz: \(name)-fr
            variant: {instance: ml.m5.large, count: 1}
            operators: [\(anna), \(bert)]
            keep: 2
            \(more)
            smoke:
              - contentType: text/csv
                body: "1,2,3"
                expect:
                  - {pointer: /predictions/0/score, between: [0, 100]}
            stages:

            """
        if isSandboxed { text += sandbox }
        text += "  - stage: staging\n    soak: 1m\n"
        if let canary { text += "  - stage: canary\n    \(canary)\n" }
        if let prod {
            text += "  - stage: prod\n"
            if let lag { text += "    \(lag)\n" }
            if !prod.isEmpty { text += "    \(prod)\n" }
        }
        return text
    }

    private init(
        _ name: String,
        accounts: [String: [String]] = ["staging": ["staging"], "prod": ["prod"]],
        endpoints: [String: String],
        registry: String = "",
        upstream: [String: [String]] = [:]
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ name: String, _ text: String) throws {
            try text.write(to: folder.appending(path: "\(name).yaml"), atomically: false, encoding: .utf8)
        }
        try write(
            "registry",
            """
            kind: registry
            account: "\(SimulatedAWS.registry)"
            region: eu-west-1
            queue: https://sqs.eu-west-1.amazonaws.com/\(SimulatedAWS.registry)/sluice
            \(registry)
            """
        )
        var number = 222_222_222_222
        for (stage, names) in accounts.sorted(by: { $0.key < $1.key }) {
            for name in names {
                try write(
                    "account-\(name)",
                    """
                    kind: account
                    name: \(name)
                    account: "\(number)"
                    stage: \(stage)
                    region: eu-west-1
                    \(Self.access(name, number, upstream[name]))
                    executionRole: arn:aws:iam::\(number):role/sagemaker
                    models: s3://models-\(name)/models/

                    """
                )
                number += 1
            }
        }
        for (name, text) in endpoints { try write("endpoint-\(name)", text) }
        self.name = name
        let loaded = try AccountsFolder.load(folder.path)
        func part(_ name: String, only: [String], in account: String) throws -> Part {
            Part(
                name: name,
                settings: try Settings(loaded, only: only),
                role: Self.role(of: name),
                account: account
            )
        }
        let own = loaded.accounts.filter { $0.queue != nil }
        parts =
            try [part("registry", only: [], in: SimulatedAWS.registry)]
            + own.map { try part($0.name, only: [$0.name], in: $0.account) }
    }

    /// How whoever drives an account comes to it: by a role, or as its own worker, to which others hand over.
    private static func access(_ name: String, _ number: Int, _ upstream: [String]?) -> String {
        guard let upstream else { return "role: arn:aws:iam::\(number):role/sluice" }
        let senders = upstream.map { "\"\(role(of: $0)):*\"" }.joined(separator: ", ")
        let queue = "queue: https://sqs.eu-west-1.amazonaws.com/\(number)/sluice"
        return "\(queue)\nupstream: [\(senders)]"
    }
}
