import Promotion

/// An endpoint document as far as it could be read; which accounts its stages have is for the checks
/// across documents to find out.
struct EndpointDraft {
    let source: Source
    let name: Located<String>?
    let models: [String: Located<ModelPackageGroup>]
    let stages: [StageDraft]
    private let serves: EndpointDocument.Serves?
    private let operators: [SenderPattern]?
    private let smoke: [SmokeTest]
    private let container: ContainerDocument?
    private let keep: Int?
    private let adopt: Bool?
    private let onRejection: EndpointPlan.OnRejection?
    private let onModelFailure: EndpointPlan.OnModelFailure?

    init(_ section: Section) {
        source = section.source
        name = section.value("name", .sageMakerName)
        serves = section.value("serves", .word)?.value
        _ = section.value("artifacts", .word("per-release", later: "in-place"))
        let models = section.models(of: serves)
        self.models = models ?? [:]
        let variant = VariantDraft(section)
        operators = section.list("operators", of: .sender, mayBeEmpty: true)?.map(\.value)
        smoke = section.smoke(of: serves, targets: models.map { Set($0.keys) })
        container = section.container()
        keep = section.value("keep", .number(from: 1, to: 100))?.value
        adopt = section.value("adopt", .flag)?.value
        onRejection = section.value("onRejection", .word)?.value
        let onModelFailure: Located<EndpointPlan.OnModelFailure>? = section.value("onModelFailure", .word)
        self.onModelFailure = onModelFailure?.value
        stages = section.stages(over: variant)
        if let onModelFailure, onModelFailure.value == .exclude, serves == .singleModel {
            source.report(
                "`onModelFailure` is `exclude`, but without the one model of a single-model endpoint nothing "
                    + "would go on: write `fail`, or leave it out",
                line: onModelFailure.line
            )
        }
    }

    /// The document, once it is known which accounts each stage has; nothing where something that was
    /// reported is in its way.
    func document(accounts: [[AccountDocument]]) -> EndpointDocument? {
        let documents = zip(stages, accounts).compactMap { $0.document(accounts: $1) }
        guard let name, documents.count == stages.count else { return nil }
        return EndpointDocument(
            name: name.value,
            serves: serves ?? .multiModel,
            models: models.mapValues(\.value),
            operators: operators,
            smoke: smoke,
            container: container,
            keep: keep ?? EndpointDocument.keepByDefault,
            adopt: adopt ?? false,
            onRejection: onRejection ?? .rollback,
            onModelFailure: onModelFailure ?? .fail,
            stages: documents
        )
    }
}

extension Section {
    /// The target models, or nothing where it cannot be told which there are.
    fileprivate func models(of serves: EndpointDocument.Serves?) -> [String: Located<ModelPackageGroup>]? {
        let keys = serves == .singleModel ? (own: "model", other: "models") : (own: "models", other: "model")
        if let serves {
            if value(keys.other) != nil {
                source.report(
                    "\(keys.other.shown) does not go with `serves: \(serves.rawValue)`: "
                        + (serves == .singleModel
                            ? "name the one group with `model: GROUP`"
                            : "name each target's group with `models`, or write `serves: single-model`"),
                    line: line(of: keys.other)
                )
            } else if !isStated(keys.own) {
                source.report(
                    "\(keys.own.shown) is missing: a \(serves.rawValue) endpoint needs it",
                    line: line
                )
            }
        }
        let group = value("model", .group)
        if serves == .singleModel { return group.map { [EndpointDocument.singleTarget: $0] } }
        return targets()
    }

    private func targets() -> [String: Located<ModelPackageGroup>]? {
        guard let entries = entries("models") else { return nil }
        if entries.isEmpty {
            source.report(
                "`models` is empty: an endpoint serves at least one target model",
                line: line(of: "models")
            )
        }
        var models: [String: Located<ModelPackageGroup>] = [:]
        var isWhole = true
        for entry in entries {
            let scalar = YAMLValue.Scalar(text: entry.key, kind: .text, isQuoted: true)
            let key = YAMLValue(line: entry.line, content: .scalar(scalar))
            guard let target = source.read(key, called: "a target model", .target),
                let group = source.read(entry.value, called: "the group of \(entry.key.shown)", .group)
            else {
                isWhole = false
                continue
            }
            models[target.value] = group
        }
        return isWhole ? models : nil
    }

    fileprivate func container() -> ContainerDocument? {
        guard let section = section("container", as: .container) else { return nil }
        let image = section.value("image", .image)
        let environment = section.entries("environment").map {
            section.texts($0, keys: .environmentName, values: .environmentValue)
        }
        return image.map { ContainerDocument(image: $0.value, environment: environment ?? [:]) }
    }

    fileprivate func stages(over variant: VariantDraft) -> [StageDraft] {
        guard let values = list("stages") else { return [] }
        let drafts = values.compactMap { Section($0, as: .stage, in: source) }
            .map { StageDraft($0, over: variant) }
        var lines: [String: Int] = [:]
        for draft in drafts {
            guard let name = draft.name else { continue }
            if let first = lines[name.value] {
                source.report(
                    "stage `\(name.value)` is given twice; it was first given on line \(first)",
                    line: name.line
                )
            } else {
                lines[name.value] = name.line
            }
        }
        // A stage that could not be read would make neighbours of those before and after it.
        if drafts.count == values.count {
            for (index, draft) in drafts.enumerated() {
                draft.check(after: index == 0 ? nil : drafts[index - 1], in: source)
            }
        }
        return drafts
    }
}
