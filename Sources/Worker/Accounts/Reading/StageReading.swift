import Promotion

/// One of an endpoint's stages as far as it could be read, its accounts still names.
struct StageDraft {
    let name: Located<String>?
    /// The accounts it names, absent where it takes all of the stage.
    let accounts: [Located<String>]?
    let soak: Located<Duration>?
    let lag: Located<Duration>?
    /// The gate, absent where the stage has none or it could not be read.
    let gate: GateDraft?
    /// The key that encrypts the instances' volumes.
    var volumeKmsKey: Located<String>? { merged.volumeKmsKey }
    private let accepts: Set<StageDocument.Acceptable>
    private let merged: VariantDraft
    private let traffic: TrafficDocument?
    private let concurrency: Located<Int>?
    let failureTolerance: Located<Int>?

    init(_ section: Section, over endpoint: VariantDraft) {
        name = section.value("stage", .plainName)
        accounts = section.list("accounts", of: .plainName.filled(true, everywhere: false))
        accepts = Set(section.list("accepts", of: .word)?.map(\.value) ?? [.approved])
        soak = section.value("soak", .duration())
        lag = section.value("lag", .duration())
        merged = VariantDraft(section).over(endpoint)
        for key in ["instance", "count"] where !merged.stated.contains(key) {
            let stage = name.map { "stage `\($0.value)`" } ?? "this stage"
            section.source.report(
                "\(stage) has no variant `\(key)`: give it in the endpoint's `variant` or in the stage's",
                line: section.line
            )
        }
        traffic = section.traffic(count: merged.count)
        concurrency = section.value("concurrency", .number(from: 1))
        failureTolerance = section.value("failureTolerance", .number(from: 0))
        gate = section.section("gate", as: .gate).map { GateDraft($0) }
    }

    func document(accounts: [AccountDocument]) -> StageDocument? {
        guard let name, let variant = merged.document, !accounts.isEmpty else { return nil }
        return StageDocument(
            name: name.value,
            accounts: accounts,
            accepts: accepts,
            soak: soak?.value ?? .zero,
            lag: lag?.value ?? .zero,
            variant: variant,
            gate: gate?.plan ?? GatePlan(),
            concurrency: concurrency?.value,
            failureTolerance: failureTolerance?.value ?? 0,
            traffic: traffic
        )
    }

    /// Reports waits that are over only after the gate they are for has given up.
    func check(after before: StageDraft?, in source: Source) {
        if let lag, before == nil {
            source.report(
                "`lag` counts from the verification in the stage before, but this stage is the first: leave it out",
                line: lag.line
            )
        }
        guard let gate, gate.canExpire, let patience = gate.patience else { return }
        let stage = name.map { "stage `\($0.value)`" } ?? "the stage after it"
        if let soak = before?.soak, soak.value > patience {
            source.report(
                "`soak` is \(soak.value.written), but the gate of \(stage) refuses a release that has waited for "
                    + "\(patience.written) (`expires`): shorten the soak, or let `expires` be longer",
                line: soak.line
            )
        }
        if let lag, before != nil, lag.value > patience {
            source.report(
                "`lag` is \(lag.value.written), but the gate of \(stage) refuses a release that has waited for "
                    + "\(patience.written) (`expires`): shorten the lag, or let `expires` be longer",
                line: lag.line
            )
        }
    }
}

/// What one `variant` says, which need not be everything.
struct VariantDraft {
    private(set) var count: Int?
    private(set) var volumeKmsKey: Located<String>?
    private var name: String?
    private var instance: String?
    /// The keys that are there, if only with values that were reported.
    private(set) var stated: Set<String> = []

    private static let keys = ["name", "instance", "count", "volumeKmsKey"]

    /// The `variant` of an endpoint or of a stage.
    init(_ section: Section) {
        guard section.isStated("variant") else { return }
        guard let variant = section.section("variant", as: .variant) else {
            stated = Set(Self.keys)
            return
        }
        name = variant.value("name", .sageMakerName)?.value
        instance = variant.value("instance", .instance)?.value
        count = variant.value("count", .number(from: 1))?.value
        volumeKmsKey = variant.value("volumeKmsKey", .key)
        stated = Set(Self.keys.filter(variant.isStated))
    }

    /// This one's keys over another's, key by key.
    func over(_ other: VariantDraft) -> VariantDraft {
        var merged = self
        merged.name = name ?? other.name
        merged.instance = instance ?? other.instance
        merged.count = count ?? other.count
        merged.volumeKmsKey = volumeKmsKey ?? other.volumeKmsKey
        merged.stated.formUnion(other.stated)
        return merged
    }

    var document: VariantDocument? {
        guard let instance, let count else { return nil }
        return VariantDocument(
            name: name ?? VariantDocument.nameByDefault,
            instance: instance,
            count: count,
            volumeKmsKey: volumeKmsKey?.value
        )
    }
}
