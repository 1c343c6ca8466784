public import Promotion

/// A `kind: endpoint` document: one endpoint, what it serves, and the stages it goes through.
///
/// Its artifacts are per release, the only way there is so far.
public struct EndpointDocument: Hashable, Sendable {
    /// The endpoint's name, the same in every account.
    public var name: String
    /// Whether it serves many models behind one endpoint, or one.
    public var serves: Serves
    /// The model package group that feeds each target model. A single-model endpoint has one target,
    /// `EndpointDocument.singleTarget`, which is the name of its artifact's copy.
    public var models: [String: ModelPackageGroup]
    /// Who may retry, roll back, hold, resume and deploy. Default: the approvers of all its stages.
    public var operators: [SenderPattern]
    /// The smoke tests, empty where the document says `smoke: none`.
    public var smoke: [SmokeTest]
    /// The container that serves the models; without one the model packages' own does.
    public var container: ContainerDocument?
    /// How many releases' artifacts, models and configs are kept in each account, besides those in use.
    public var keep: Int
    /// Whether an endpoint of this name that Sluice did not make is taken over by the first release.
    public var adopt: Bool
    public var onRejection: EndpointPlan.OnRejection
    public var onModelFailure: EndpointPlan.OnModelFailure
    /// The stages in the order a release goes through them, each with its accounts and settings in force.
    public var stages: [StageDocument]

    public enum Serves: String, Hashable, Sendable, CaseIterable {
        case multiModel = "multi-model"
        case singleModel = "single-model"
    }

    /// How many releases are kept where the document does not say.
    public static let keepByDefault = 3

    /// The one target of a single-model endpoint.
    public static let singleTarget = "model.tar.gz"

    public init(
        name: String,
        serves: Serves = .multiModel,
        models: [String: ModelPackageGroup],
        operators: [SenderPattern]? = nil,
        smoke: [SmokeTest] = [],
        container: ContainerDocument? = nil,
        keep: Int = EndpointDocument.keepByDefault,
        adopt: Bool = false,
        onRejection: EndpointPlan.OnRejection = .rollback,
        onModelFailure: EndpointPlan.OnModelFailure = .fail,
        stages: [StageDocument]
    ) {
        self.name = name
        self.serves = serves
        self.models = models
        self.operators = operators ?? Self.approvers(of: stages)
        self.smoke = smoke
        self.container = container
        self.keep = keep
        self.adopt = adopt
        self.onRejection = onRejection
        self.onModelFailure = onModelFailure
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

    /// The stage that deploys to the account of that name, by itself or with its organizational unit.
    public func stage(ofAccount name: String) -> StageDocument? {
        stages.first { stage in
            stage.accounts.contains { $0.name == name || $0.filled(named: name) != nil }
        }
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
