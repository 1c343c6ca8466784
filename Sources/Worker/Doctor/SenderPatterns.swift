import AWS
import Promotion

/// Says whom the SenderId patterns of an accounts folder name, by the roles of the accounts at hand.
///
/// IAM tells nobody whose an id is, so all roles are listed and the ids are looked for among them.
struct SenderPatterns: Sendable {
    /// An account whose roles may be listed, as far as the caller is let.
    struct Place: Sendable {
        /// The account's name in findings.
        let name: String
        /// Twelve digits.
        let account: String
        let client: AWSClient
        let role: RolePermissions?
        /// What would let the roles be listed.
        let grant: Statement?
    }

    let folder: AccountsFolder
    let places: [Place]

    private static let check = "senders"

    func look() async throws -> [Finding] {
        let uses = folder.senderUses
        guard uses.contains(where: { $0.isRole }) else {
            return uses.map { Self.finding(of: $0, among: [], in: []) }
        }
        var roles: [IAMRole] = []
        var listed: [String] = []
        var findings: [Finding] = []
        for place in places.uniqued(by: \.account) {
            switch try await see({ try await IAM(place.client).roles() }) {
            case .success(let found):
                roles += found
                listed.append(place.account)
            case .failure(let error):
                findings.append(.unseen(place.name, Self.check, error, place.role, place.grant))
            }
        }
        return uses.map { Self.finding(of: $0, among: roles, in: listed) } + findings
    }

    /// - Parameter listed: The accounts whose roles these are.
    static func finding(of use: SenderUse, among roles: [IAMRole], in listed: [String]) -> Finding {
        let powers = use.powers.joined(separator: "; ")
        guard use.isRole else { return .ok("worker", check, "\(use.id) is one user: \(powers)") }
        guard let role = roles.first(where: { $0.id == use.id }) else {
            let places = listed.isEmpty ? "" : " of \(listed.joined(separator: ", "))"
            return .unknown(
                "worker",
                check,
                "\(use.id) is no role\(places) that could be listed: \(powers)",
                fix:
                    "A role that is deleted and made again has another id. `sluice whoami`, run as the role, "
                    + "prints the one it has now"
            )
        }
        guard use.isNamed else {
            return .ok("worker", check, "\(use.id) is \(role.arn), all its sessions one person: \(powers)")
        }
        guard fixesSessionNames(role) else {
            return .missing(
                "worker",
                check,
                "\(use.id) is \(role.arn), whose trust policy lets whoever assumes it choose the session's name, "
                    + "so `namedSessions` counts one person as often as they like: \(powers)",
                fix: "add to every statement of the role's trust policy that allows sts:AssumeRole: "
                    + #""Condition": {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}"#
                    + "; or take \(use.id) out of `namedSessions`"
            )
        }
        return .ok("worker", check, "\(use.id) is \(role.arn), each session a person of its own: \(powers)")
    }

    /// Whether nobody who may assume the role can choose the session's name.
    ///
    /// IAM Identity Center, and any identity provider that speaks SAML, says who somebody is by that name. Who
    /// assumes a role otherwise gives the name, unless the trust policy ties it to something of their own, or
    /// knows only one.
    static func fixesSessionNames(_ role: IAMRole) -> Bool {
        let assuming = ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"]
        let entries = PolicyText(role.trust).entries.filter { entry in
            entry.allows && assuming.contains(where: entry.covers(action:))
        }
        return !entries.isEmpty
            && entries.allSatisfy { entry in
                let isVouchedFor = !assuming.prefix(2).contains(where: entry.covers(action:))
                guard !isVouchedFor else { return true }
                guard let names = entry.condition(on: "sts:RoleSessionName") else { return false }
                return names.allSatisfy { $0.contains("${") }
                    || (names.count == 1 && !names[0].contains { $0 == "*" || $0 == "?" })
            }
    }
}

/// One id that an accounts folder names, and what whoever has it may do.
struct SenderUse: Hashable {
    /// `AIDA…` or `AROA…`, without a session.
    let id: String
    /// Whether some gate counts its sessions one by one.
    var isNamed: Bool
    /// Sentences, in the order of the folder.
    var powers: [String]

    var isRole: Bool { id.hasPrefix("AROA") }
}

extension AccountsFolder {
    /// Every id that some pattern names, in the order of the folder.
    var senderUses: [SenderUse] {
        var uses: [SenderUse] = []
        func note(_ patterns: [SenderPattern], _ what: String, named: Set<String> = []) {
            for pattern in patterns {
                let index = uses.firstIndex { $0.id == pattern.person } ?? uses.count
                if index == uses.count {
                    uses.append(SenderUse(id: pattern.person, isNamed: false, powers: []))
                }
                let sessions = pattern.session.flatMap { $0 == "*" ? nil : " (sessions \($0))" } ?? ""
                uses[index].powers = (uses[index].powers + [what + sessions]).unique
                uses[index].isNamed = uses[index].isNamed || named.contains(pattern.person)
            }
        }
        for endpoint in endpoints {
            for stage in endpoint.stages {
                let place = "\(endpoint.name) in \(stage.name)"
                note(stage.gate.approvers, "approves \(place)", named: stage.gate.namedSessions)
                note(stage.gate.mayOverride, "may override the gate of \(place)")
                for check in stage.gate.checks { note(check.senders, "attests \(check.name) of \(place)") }
            }
            note(endpoint.operators, "operates \(endpoint.name)")
        }
        for account in accounts { note(account.upstream, "hands over to \(account.name)") }
        return uses
    }

    /// The ids of roles that some pattern names.
    var roleIDs: [String] { senderUses.filter(\.isRole).map(\.id) }
}

extension EndpointDocument {
    /// Everybody who may do something with the endpoint.
    var patterns: [SenderPattern] {
        operators
            + stages.flatMap { stage in
                stage.gate.approvers + stage.gate.mayOverride + stage.gate.checks.flatMap(\.senders)
            }
    }
}

extension Sequence {
    /// The first element of each key, in their order.
    fileprivate func uniqued<Key: Hashable>(by key: (Element) -> Key) -> [Element] {
        var seen: Set<Key> = []
        return filter { seen.insert(key($0)).inserted }
    }
}
