import ArgumentParser
import Ledger

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What serves where, and what everything that waits is waiting for.",
        discussion: """
            With an endpoint, a table of its target models and the version each account serves; targets that \
            are not the same everywhere are marked. Below it what is held and barred, and what every release \
            that is under way waits for and until when.

            Example:
              sluice status demand-forecast
            """
    )

    @Argument(help: "One endpoint; all of them where it is not given.")
    var endpoint: String?

    @OptionGroup var ledger: LedgerOption
    @OptionGroup var json: JSONFlag

    func run() async throws {
        let views = try await ledger.open().status(of: endpoint)
        if let endpoint, views.isEmpty { throw Failed(sentence: "the ledger knows no endpoint \(endpoint)") }
        if json.isOn { return try json.print(views) }
        if views.isEmpty { print("the ledger knows no endpoint yet") }
        for view in views {
            print(view.endpoint)
            let serving = endpoint == nil ? Self.brief(view) : ServingTable(view).lines()
            (serving + Self.obstacles(view) + Self.underWay(view)).forEach { print("  " + $0) }
        }
    }

    /// One line for each account.
    private static func brief(_ view: EndpointView) -> [String] {
        guard !view.serving.isEmpty else { return ["nothing verified serves yet"] }
        let order = view.stages.flatMap(\.accounts)
        func place(_ account: EndpointView.Account) -> Int {
            order.firstIndex(of: account.name) ?? order.count
        }
        return Screen.table(
            view.serving.sorted { place($0) < place($1) }.map { account in
                [account.name, account.release, Screen.brief(account.models), "since \(account.since)"]
            }
        )
    }

    private static func obstacles(_ view: EndpointView) -> [String] {
        let holds = view.holds.map { hold in
            let what = hold.stage.map { "stage \($0)" } ?? "everything"
            return
                "held: \(what), by \(Screen.escaped(hold.by)) since \(hold.at): \(Screen.escaped(hold.reason))"
        }
        let bars = view.bars.map { bar in
            "barred: \(Screen.short(bar.package)) for \(Screen.escaped(bar.target)) since \(bar.at): "
                + Screen.escaped(bar.reason)
        }
        let troubles = view.troubles.map {
            "cannot read \(Screen.short($0.subject)): \(Screen.escaped($0.sentence))"
        }
        let stranded = view.serving.filter(\.stranded).map {
            "\($0.name) serves a rejected version in \($0.release) and has nothing to go back to: approve another "
                + "version, or delete the endpoint"
        }
        let drifted = view.serving.compactMap { account in
            account.drift.map {
                "\(account.name) serves config \(Screen.escaped($0)), which Sluice did not switch it to, in place of "
                    + "\(account.release): the next release goes on from there, and `deploy` puts it back"
            }
        }
        let short = view.shortfalls.map {
            "\($0.account) does not serve \($0.release): it failed there (\($0.state)) and went on, as the "
                + "`failureTolerance` of \($0.stage) allows; `deploy` tries it again"
        }
        let leftOut = view.leftOut.map {
            "account \($0.account) of \($0.unit) is \(Screen.escaped($0.state)), so nothing is deployed there"
        }
        return stranded + drifted + short + holds + bars + troubles + leftOut
    }

    private static func underWay(_ view: EndpointView) -> [String] {
        let open = view.open.flatMap { release -> [String] in
            let head = "under way: \(release.id), release \(release.number), \(Screen.brief(release.models))"
            let parts = view.underWay.filter { $0.release == release.id && !$0.rollback }
            let progress = release.stages.filter { $0.state == "rolling" && $0.accounts.count > 1 }
            return [head] + progress.map { "  " + Self.progress($0) }
                + parts.flatMap { lines($0).map { "  " + $0 } }
        }
        let back = view.underWay.filter(\.rollback).flatMap { part in
            ["going back: to \(part.release), release \(part.number)"] + lines(part).map { "  " + $0 }
        }
        return open.isEmpty && back.isEmpty ? ["nothing is under way"] : back + open
    }

    /// How many accounts of a stage are how far, such as `prod: 2 of 5 verified, 1 failed, 2 pending`.
    private static func progress(_ stage: ReleaseView.Stage) -> String {
        let states = Dictionary(grouping: stage.accounts, by: \.state).mapValues(\.count)
        let others = states.filter { $0.key != "verified" }.sorted { $0.key < $1.key }
        return "\(stage.stage): \(states["verified"] ?? 0) of \(stage.accounts.count) verified"
            + others.map { ", \($0.value) \($0.key)" }.joined()
    }

    private static func lines(_ part: UnderWay) -> [String] {
        let place = part.account.map { "\(part.stage), \($0)" } ?? "the gate of \(part.stage)"
        return ["\(place): \(part.state) since \(part.since)"]
            + part.waitsFor.map { "  waits for \(Screen.escaped($0))" }
    }
}

/// Target models down, accounts across in the order of their stages.
struct ServingTable {
    private let view: EndpointView
    private let accounts: [String]
    private let serving: [String: EndpointView.Account]

    init(_ view: EndpointView) {
        self.view = view
        serving = Dictionary(view.serving.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let ordered = view.stages.flatMap(\.accounts)
        accounts = ordered + view.serving.map(\.name).filter { !ordered.contains($0) }
    }

    /// - Parameter columns: How many accounts stand beside each other at the most.
    func lines(columns: Int = 4) -> [String] {
        guard !view.serving.isEmpty else { return ["nothing verified serves yet"] }
        return stride(from: 0, to: accounts.count, by: columns).flatMap { start in
            Screen.table(rows(Array(accounts[start..<min(start + columns, accounts.count)])))
        }
    }

    private func rows(_ accounts: [String]) -> [[String]] {
        let targets = Set(view.serving.flatMap(\.models.keys)).sorted()
        let head = [
            ["account"] + accounts.map(title),
            ["release"] + accounts.map { serving[$0]?.release ?? "nothing yet" },
            ["since"] + accounts.map { serving[$0]?.since ?? "-" },
        ]
        return head
            + targets.map { target in
                [Screen.escaped(target)]
                    + accounts.map { serving[$0]?.models[target].map(Screen.short) ?? "-" }
                    + (differs(target) ? ["differs"] : [])
            }
    }

    private func title(_ account: String) -> String {
        let stage =
            view.stages.first { $0.accounts.contains(account) }?.stage ?? serving[account]?.stage ?? account
        return stage == account ? account : "\(account) (\(stage))"
    }

    /// Whether the accounts, those that serve nothing included, do not all serve the same version.
    private func differs(_ target: String) -> Bool {
        Set(accounts.map { serving[$0]?.models[target] }).count > 1
    }
}
