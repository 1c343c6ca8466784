/// The keys a kind of mapping has.
struct Vocabulary: Sendable {
    /// What the mapping is called in a message.
    let name: String
    let required: [String]
    let optional: [String]

    var known: [String] { required + optional }

    init(_ name: String, required: [String] = [], optional: [String] = []) {
        self.name = name
        self.required = required
        self.optional = optional
    }
}

extension Vocabulary {
    /// The one or two kinds of mapping that have a key, for somebody who put it one level too high or too
    /// low.
    static func owners(of key: String) -> String? {
        let owners = [
            registry, account, endpoint, variant, container, smoke, golden, expectation, stage, traffic, gate,
            windows, check,
        ].filter { $0.known.contains(key) }
        return owners.count <= 2 && !owners.isEmpty ? owners.map(\.name).joined(separator: " or ") : nil
    }

    static let registry = Vocabulary(
        "a registry document",
        required: ["kind", "account", "region", "queue"],
        optional: ["role", "externalId", "artifactOwners", "events"]
    )

    static let account = Vocabulary(
        "an account document",
        required: ["kind", "name", "stage", "region", "executionRole", "models"],
        optional: [
            "account", "organizationalUnit", "role", "externalId", "kmsKey", "endpointName", "tags", "queue",
            "upstream",
        ]
    )

    static let endpoint = Vocabulary(
        "an endpoint document",
        required: ["kind", "name", "serves", "smoke", "stages"],
        optional: [
            "models", "model", "artifacts", "variant", "operators", "container", "keep", "adopt",
            "onRejection", "onModelFailure",
        ]
    )

    static let variant = Vocabulary("a `variant`", optional: ["name", "instance", "count", "volumeKmsKey"])

    static let container = Vocabulary("a `container`", required: ["image"], optional: ["environment"])

    static let smoke = Vocabulary(
        "a smoke test",
        optional: [
            "target", "contentType", "body", "bodyFrom", "invocations", "within", "expect", "golden",
        ]
    )

    static let golden = Vocabulary(
        "`golden`",
        required: ["data", "label"],
        optional: ["mae", "rmse", "accuracy", "pointer", "column"]
    )

    static let expectation = Vocabulary(
        "an entry of `expect`",
        optional: ["pointer", "column", "equals", "between"]
    )

    static let stage = Vocabulary(
        "a stage",
        required: ["stage"],
        optional: [
            "accounts", "accepts", "soak", "lag", "variant", "concurrency", "failureTolerance", "traffic",
            "gate",
        ]
    )

    static let traffic = Vocabulary(
        "`traffic`",
        optional: [
            "canary", "linear", "allAtOnce", "wait", "alarms", "maximumExecution", "terminationWait",
        ]
    )

    static let gate = Vocabulary(
        "a `gate`",
        optional: [
            "approvals", "approvers", "namedSessions", "requiredGroup", "notRequester", "instructions",
            "remindEvery", "expires", "alarms", "insufficientData", "windows", "checks", "mayOverride",
        ]
    )

    static let windows = Vocabulary("`windows`", required: ["zone"], optional: ["allow", "deny"])

    static let check = Vocabulary("an entry of `checks`", required: ["check", "senders"])
}
