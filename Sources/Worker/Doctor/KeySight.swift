import AWS

/// Whether a key's own policy lets it be used by those who have to: by itself, or by leaving it to IAM's policies.
///
/// See [Key policies](https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html).
struct KeySight: Sendable {
    let ward: Ward
    /// As the accounts folder names it.
    let key: String
    /// Its own ARN.
    let arn: String

    /// Who has to use it, and for what.
    private var uses: [(role: String, actions: [String])] {
        let account = ward.account
        var uses: [(role: String, actions: [String])] = []
        if let role = ward.role.arn {
            uses.append((role, Array(Set(actions(ward.role.statements))).sorted()))
        }
        if account.kmsKey == key { uses.append((account.executionRole, ["kms:Decrypt"])) }
        return uses
    }

    /// The actions on the key that statements allow.
    private func actions(_ statements: [Statement]) -> [String] {
        statements.filter { $0.resources.contains(key) }.flatMap(\.actions)
    }

    func finding(_ kms: KMS) async throws -> Finding {
        // A key of another account shows its policy to nobody here.
        guard arn.contains(":\(ward.account.account):") else {
            return .ok(ward.name, "key", "\(key) is enabled; its policy is another account's to look at")
        }
        switch try await see({ try await kms.policy(ofKey: arn) }) {
        case .failure(let error): return ward.unseen("key", error, grant: "LookAtKeys")
        case .success(let policy): return judge(PolicyText(policy))
        }
    }

    func judge(_ policy: PolicyText) -> Finding {
        let account = ward.account.account
        let everybody = [
            account, "arn:\(ResourceNames.partition(of: ward.account.region)):iam::\(account):root",
        ]
        let barred = uses.compactMap { role, actions -> (role: String, actions: [String])? in
            let refused = actions.filter { !Self.allows(policy, $0, to: [role] + everybody) }
            return refused.isEmpty ? nil : (role, refused)
        }
        guard let first = barred.first else {
            return .ok(ward.name, "key", "\(key) is enabled, and its policy lets the roles use it")
        }
        let said = barred.map { "\($0.role) may not \($0.actions.joined(separator: ", "))" }
        let statement = Statement(
            "Sluice",
            barred.flatMap(\.actions),
            on: ["*"],
            principal: .roles(barred.map(\.role)),
            because: "What is served is encrypted with the key."
        )
        return .missing(
            ward.name,
            "key",
            "the policy of \(key) keeps it from \(first.role): \(said.joined(separator: "; ")), whatever IAM allows",
            fix: "add to the key's policy: \(statement.json)"
        )
    }

    /// Whether some statement allows it to one of these, and none denies it whatever the circumstances. What is
    /// allowed to an account is left to IAM's policies there.
    static func allows(_ policy: PolicyText, _ action: String, to principals: [String]) -> Bool {
        let applying = policy.entries.filter { entry in
            entry.covers(action: action) && principals.contains(where: entry.names(principal:))
        }
        return applying.contains(where: \.allows) && !applying.contains { !$0.allows && $0.isUnconditional }
    }
}
