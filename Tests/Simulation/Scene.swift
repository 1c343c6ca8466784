import Foundation
import Worker

/// An accounts folder to play with.
struct Scene: Sendable {
    let name: String
    let settings: Settings
    let tick = Duration.seconds(15)

    /// People, as SQS names them.
    static let anna = "AIDAANNA"
    static let bert = "AIDABERT"
    static let stranger = "AIDASTRANGER"

    static let all: [Scene] = {
        do {
            return try [
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
        } catch {
            fatalError("a scene cannot be read: \(error)")
        }
    }()

    private static func people(_ count: Int) -> String {
        "gate:\n      approvals: \(count)\n      approvers: [\(anna), \(bert)]\n      expires: 40m"
    }

    private static func endpoint(
        _ name: String,
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
        registry: String = ""
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
                    role: arn:aws:iam::\(number):role/sluice
                    executionRole: arn:aws:iam::\(number):role/sagemaker
                    models: s3://models-\(name)/models/

                    """
                )
                number += 1
            }
        }
        for (name, text) in endpoints { try write("endpoint-\(name)", text) }
        self.name = name
        settings = try Settings(AccountsFolder.load(folder.path))
    }
}
