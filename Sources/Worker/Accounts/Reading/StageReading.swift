import Promotion

/// One of an endpoint's stages as far as it could be read, its accounts still names.
struct StageDraft {
    let name: Located<String>?
    /// The accounts it names, absent where it takes all of the stage.
    let accounts: [Located<String>]?
    private let accepts: Set<StageDocument.Acceptable>
    private let soak: Duration
    private let variant: VariantDocument?
    private let gate: GatePlan

    init(_ section: Section, over endpoint: VariantDraft) {
        name = section.value("stage", .plainName)
        accounts = section.list("accounts", of: .plainName)
        accepts = Set(section.list("accepts", of: .acceptable)?.map(\.value) ?? [.approved])
        soak = section.value("soak", .duration())?.value ?? .zero
        let merged = VariantDraft(section).over(endpoint)
        for key in ["instance", "count"] where !merged.stated.contains(key) {
            let stage = name.map { "stage `\($0.value)`" } ?? "this stage"
            section.source.report(
                "\(stage) has no variant `\(key)`: give it in the endpoint's `variant` or in the stage's",
                line: section.line
            )
        }
        variant = merged.document
        gate = section.gate()
    }

    func document(accounts: [AccountDocument]) -> StageDocument? {
        guard let name, let variant, !accounts.isEmpty else { return nil }
        return StageDocument(
            name: name.value,
            accounts: accounts,
            accepts: accepts,
            soak: soak,
            variant: variant,
            gate: gate
        )
    }
}

/// What one `variant` says, which need not be everything.
struct VariantDraft {
    private var name: String?
    private var instance: String?
    private var count: Int?
    /// The keys that are there, if only with values that were reported.
    private(set) var stated: Set<String> = []

    /// The `variant` of an endpoint or of a stage.
    init(_ section: Section) {
        guard section.isStated("variant") else { return }
        guard let variant = section.section("variant", as: .variant) else {
            stated = ["name", "instance", "count"]
            return
        }
        name = variant.value("name", .sageMakerName)?.value
        instance = variant.value("instance", .instance)?.value
        count = variant.value("count", .number(from: 1))?.value
        stated = Set(["name", "instance", "count"].filter(variant.isStated))
    }

    /// This one's keys over another's, key by key.
    func over(_ other: VariantDraft) -> VariantDraft {
        var merged = self
        merged.name = name ?? other.name
        merged.instance = instance ?? other.instance
        merged.count = count ?? other.count
        merged.stated.formUnion(other.stated)
        return merged
    }

    var document: VariantDocument? {
        guard let instance, let count else { return nil }
        return VariantDocument(name: name ?? VariantDocument.nameByDefault, instance: instance, count: count)
    }
}

extension Section {
    fileprivate func gate() -> GatePlan {
        guard let gate = section("gate", as: .gate) else { return GatePlan() }
        let approvals = gate.value("approvals", .number(from: 0))
        let approvers = gate.list("approvers", of: .sender)
        let expires = gate.value("expires", .expires)
        if let approvals, approvals.value > 0 {
            gate.check(approvals, against: approvers)
        }
        return GatePlan(
            approvals: approvals?.value ?? (approvers == nil ? 0 : 1),
            approvers: approvers?.map(\.value) ?? [],
            expires: expires?.value ?? GatePlan.expiresByDefault
        )
    }

    /// A pattern names one person, so a gate that asks for more than its patterns name could never open.
    private func check(_ approvals: Located<Int>, against approvers: [Located<SenderPattern>]?) {
        guard let approvers else {
            if !isStated("approvers") {
                source.report(
                    "`approvals` is \(approvals.value), but there are no `approvers` to give them",
                    line: approvals.line
                )
            }
            return
        }
        let people = Set(approvers.map(\.value.person)).count
        // An entry that was reported may be one more person.
        guard approvals.value > people, case .list(let entries) = value("approvers")?.content,
            entries.count == approvers.count
        else { return }
        source.report(
            "`approvals` is \(approvals.value), but `approvers` name \(people == 1 ? "one person" : "\(people) people"), "
                + "all sessions of a role counting as one",
            line: approvals.line
        )
    }
}

extension Grammar where Value == Duration {
    fileprivate static var expires: Grammar {
        .duration(
            .seconds(5 * 60) ... .seconds(60 * 24 * 60 * 60),
            named: "a duration from `5m` to `60d`"
        )
    }
}
