import Promotion

/// An endpoint document as far as it could be read; which accounts its stages have is for the checks
/// across documents to find out.
struct EndpointDraft {
    let source: Source
    let name: Located<String>?
    let models: [String: Located<ModelPackageGroup>]
    let stages: [StageDraft]
    private let operators: [SenderPattern]?
    private let smoke: [SmokeTest]
    private let container: ContainerDocument?

    init(_ section: Section) {
        source = section.source
        name = section.value("name", .sageMakerName)
        _ = section.value("serves", .word("multi-model", later: "single-model"))
        _ = section.value("artifacts", .word("per-release", later: "in-place"))
        let targets = section.models()
        models = targets ?? [:]
        let variant = VariantDraft(section)
        operators = section.list("operators", of: .sender, mayBeEmpty: true)?.map(\.value)
        smoke = section.smoke(targets: targets.map { Set($0.keys) })
        container = section.container()
        stages = section.stages(over: variant)
    }

    /// The document, once it is known which accounts each stage has; nothing where something that was
    /// reported is in its way.
    func document(accounts: [[AccountDocument]]) -> EndpointDocument? {
        let documents = zip(stages, accounts).compactMap { $0.document(accounts: $1) }
        guard let name, documents.count == stages.count else { return nil }
        return EndpointDocument(
            name: name.value,
            models: models.mapValues(\.value),
            operators: operators,
            smoke: smoke,
            container: container,
            stages: documents
        )
    }
}

extension Section {
    /// The target models, or nothing where it cannot be told which there are.
    fileprivate func models() -> [String: Located<ModelPackageGroup>]? {
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
        return drafts
    }
}
