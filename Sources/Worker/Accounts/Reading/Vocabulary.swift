/// The keys a kind of mapping has.
struct Vocabulary: Sendable {
    /// What the mapping is called in a message.
    let name: String
    let required: [String]
    let optional: [String]
    /// Keys of the design that nothing acts on yet. They are refused, because a gate that somebody wrote
    /// and nobody keeps is worse than none.
    let deferred: [String]

    var known: [String] { required + optional }

    init(_ name: String, required: [String] = [], optional: [String] = [], deferred: [String] = []) {
        self.name = name
        self.required = required
        self.optional = optional
        self.deferred = deferred
    }

    func defers(_ key: String) -> Bool {
        deferred.contains(key) || Self.deferredAnywhere.contains(key)
    }

    /// Deferred keys that mean one thing only, so that one in the wrong place is told the more useful half.
    private static let deferredAnywhere: Set = [
        "adopt", "alarms", "allAtOnce", "checks", "concurrency", "failureTolerance", "insufficientData",
        "keep",
        "lag", "linear", "maximumExecution", "mayOverride", "namedSessions", "notRequester",
        "onModelFailure", "onRejection", "organizationalUnit", "remindEvery", "requiredGroup",
        "terminationWait", "traffic", "upstream", "volumeKmsKey", "windows",
    ]
}

extension Vocabulary {
    /// The one kind of mapping that has a key, for somebody who put it one level too high or too low.
    static func owner(of key: String) -> Vocabulary? {
        let owners = [registry, account, endpoint, variant, container, smoke, expectation, stage, gate]
            .filter { $0.known.contains(key) }
        return owners.count == 1 ? owners.first : nil
    }

    static let registry = Vocabulary(
        "a registry document",
        required: ["kind", "account", "region", "queue"],
        optional: ["role", "externalId", "artifactOwners", "events"]
    )

    static let account = Vocabulary(
        "an account document",
        required: ["kind", "name", "account", "stage", "region", "executionRole", "models"],
        optional: ["role", "externalId", "kmsKey", "tags"],
        deferred: ["queue", "upstream", "organizationalUnit"]
    )

    static let endpoint = Vocabulary(
        "an endpoint document",
        required: ["kind", "name", "serves", "models", "smoke", "stages"],
        optional: ["artifacts", "variant", "operators", "container"],
        deferred: ["model", "keep", "adopt", "onRejection", "onModelFailure"]
    )

    static let variant = Vocabulary(
        "a `variant`",
        optional: ["name", "instance", "count"],
        deferred: ["volumeKmsKey"]
    )

    static let container = Vocabulary("a `container`", required: ["image"], optional: ["environment"])

    static let smoke = Vocabulary(
        "a smoke test",
        required: ["contentType", "body"],
        optional: ["target", "within", "expect"]
    )

    static let expectation = Vocabulary(
        "an entry of `expect`",
        required: ["pointer"],
        optional: ["equals", "between"]
    )

    static let stage = Vocabulary(
        "a stage",
        required: ["stage"],
        optional: ["accounts", "accepts", "soak", "variant", "gate"],
        deferred: ["lag", "concurrency", "failureTolerance", "traffic"]
    )

    static let gate = Vocabulary(
        "a `gate`",
        optional: ["approvals", "approvers", "expires"],
        deferred: [
            "alarms", "windows", "notRequester", "requiredGroup", "instructions", "remindEvery",
            "insufficientData", "mayOverride", "checks", "namedSessions",
        ]
    )
}
