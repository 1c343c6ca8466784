public import Promotion

/// A `kind: endpoint` document: one multi-model endpoint, what it serves, and the stages it goes through.
///
/// Its artifacts are per release, the only way there is so far.
public struct EndpointDocument: Hashable, Sendable {
    /// The endpoint's name, the same in every account.
    public var name: String
    /// The model package group that feeds each target model.
    public var models: [String: ModelPackageGroup]
    /// Who may retry, roll back, hold, resume and deploy. Default: the approvers of all its stages.
    public var operators: [SenderPattern]
    /// The smoke tests, empty where the document says `smoke: none`.
    public var smoke: [SmokeTest]
    /// The container that serves the models; without one the model packages' own does.
    public var container: ContainerDocument?
    /// The stages in the order a release goes through them, each with its accounts and settings in force.
    public var stages: [StageDocument]

    public init(
        name: String,
        models: [String: ModelPackageGroup],
        operators: [SenderPattern]? = nil,
        smoke: [SmokeTest] = [],
        container: ContainerDocument? = nil,
        stages: [StageDocument]
    ) {
        self.name = name
        self.models = models
        self.operators = operators ?? Self.approvers(of: stages)
        self.smoke = smoke
        self.container = container
        self.stages = stages
    }

    /// The target models, in order of their names.
    public var targets: [String] { models.keys.sorted() }

    /// The targets that a model package group feeds, in order of their names.
    public func targets(fedBy group: String) -> [String] {
        models.filter { $0.value.name == group }.keys.sorted()
    }

    /// The stage of that name.
    public func stage(named name: String) -> StageDocument? {
        stages.first { $0.name == name }
    }

    /// The stage that deploys to the account of that name.
    public func stage(ofAccount name: String) -> StageDocument? {
        stages.first { stage in stage.accounts.contains { $0.name == name } }
    }

    /// The smoke tests of a target: those that name it, or else those that name none.
    public func smokeTests(for target: String) -> [SmokeTest] {
        let own = smoke.filter { $0.target == target }
        return own.isEmpty ? smoke.filter { $0.target == nil } : own
    }

    private static func approvers(of stages: [StageDocument]) -> [SenderPattern] {
        var seen: Set<SenderPattern> = []
        return stages.flatMap(\.gate.approvers).filter { seen.insert($0).inserted }
    }
}

/// A model package group of the registry, written as its name or its ARN.
public struct ModelPackageGroup: Hashable, Sendable, CustomStringConvertible {
    /// The group's name.
    public var name: String
    /// Its ARN, where that is how it was written.
    public var arn: String?

    public init(name: String, arn: String? = nil) {
        self.name = name
        self.arn = arn
    }

    /// The group as it was written.
    public var description: String { arn ?? name }
}
