import Promotion

/// The moment that many seconds after the tests' own beginning of time.
func second(_ seconds: Int64) -> Moment { Moment(milliseconds: seconds * 1000) }

extension Duration {
    static func minutes(_ count: Int) -> Duration { .seconds(60 * count) }
    static func hours(_ count: Int) -> Duration { .minutes(60 * count) }
    static func days(_ count: Int) -> Duration { .hours(24 * count) }
}

/// A version as the tests speak of it: `de1` is version 1 of the group that feeds target `de`.
struct Version: Hashable, CustomStringConvertible {
    let target: String
    let number: Int

    var package: String { "arn:aws:sagemaker:eu-west-1:111111111111:model-package/\(target)/\(number)" }
    var model: ModelVersion {
        ModelVersion(package: package, image: "image", artifact: "s3://models/\(target)-\(number).tar.gz")
    }
    var description: String { "\(target)\(number)" }

    func candidate(_ status: ApprovalStatus, at moment: Moment) -> Candidate {
        Candidate(
            target: target,
            package: package,
            version: number,
            decidedAt: moment,
            status: status,
            model: model
        )
    }

    /// The short name of a package of the tests.
    static func name(of package: String) -> String {
        package.split(separator: "/").suffix(2).joined()
    }
}

func de(_ number: Int) -> Version { Version(target: "de", number: number) }
func fr(_ number: Int) -> Version { Version(target: "fr", number: number) }

/// Patterns that are known to be well-formed; one that is not is left out, and then nobody matches it.
func patterns(_ texts: String...) -> [SenderPattern] { texts.compactMap { try? SenderPattern($0) } }

let anna = Sender("AIDAANNA")
let bert = Sender("AROATEAM:bert")
let carl = Sender("AROATEAM:carl")
let olga = Sender("AIDAOLGA")
let stranger = Sender("AIDAMALLORY")

func staging(accounts: [String: String] = ["staging": "s1"], soak: Duration = .zero) -> StagePlan {
    StagePlan(
        name: "staging",
        accounts: accounts,
        accepts: [.approved],
        soak: soak,
        gate: GatePlan(approvals: 0, approvers: [], expires: .days(7))
    )
}

func prod(accounts: [String: String] = ["prod": "p1"], approvals: Int = 1) -> StagePlan {
    StagePlan(
        name: "prod",
        accounts: accounts,
        accepts: [.approved],
        soak: .zero,
        gate: GatePlan(approvals: approvals, approvers: patterns("AIDAANNA", "AROATEAM:*"), expires: .days(7))
    )
}

func plan(
    _ stages: [StagePlan] = [staging(), prod()],
    targets: [String] = ["de", "fr"],
    onRejection: EndpointPlan.OnRejection = .rollback,
    onModelFailure: EndpointPlan.OnModelFailure = .fail
) -> EndpointPlan {
    EndpointPlan(
        name: "demand",
        targets: Dictionary(uniqueKeysWithValues: targets.map { ($0, $0) }),
        image: nil,
        stages: stages,
        operators: patterns("AIDAOLGA"),
        onRejection: onRejection,
        onModelFailure: onModelFailure
    )
}

func sight(
    _ kind: EndpointSight.Kind,
    on config: String,
    at moment: Moment,
    because reason: String? = nil
) -> EndpointSight {
    let status =
        switch kind {
        case .inService: "InService"
        case .inProgress: "Updating"
        case .failed: "Failed"
        case .impaired: "OutOfService"
        }
    return EndpointSight(
        kind: kind,
        status: status,
        config: config,
        modifiedAt: moment,
        failureReason: reason
    )
}

func time(_ duration: Duration) -> String { "\(duration.wholeMilliseconds / 1000)s" }
