import AWS
import Foundation

/// What `sluice doctor` found out about one thing that a rollout will need.
public struct Finding: Hashable, Sendable, Encodable {
    public enum Verdict: String, Hashable, Sendable, Encodable {
        case ok
        /// A rollout will fail for it.
        case missing
        /// It could not be looked at, which is no reason why a rollout should fail.
        case unknown
    }

    /// The account's name in the accounts folder; `worker` and `registry` for those two.
    public let account: String
    /// What was looked at, in one or two words that stay the same.
    public let check: String
    public let verdict: Verdict
    /// What was seen.
    public let text: String
    /// What to add or change, exactly; nil where nothing is to be done.
    public let fix: String?

    static func ok(_ account: String, _ check: String, _ text: String) -> Finding {
        Finding(account: account, check: check, verdict: .ok, text: text, fix: nil)
    }

    static func missing(_ account: String, _ check: String, _ text: String, fix: String) -> Finding {
        Finding(account: account, check: check, verdict: .missing, text: text, fix: fix)
    }

    static func unknown(_ account: String, _ check: String, _ text: String, fix: String? = nil) -> Finding {
        Finding(account: account, check: check, verdict: .unknown, text: text, fix: fix)
    }

    /// A look that came to nothing: the doctor was not let, or AWS did not answer.
    ///
    /// - Parameter statement: What would let it.
    static func unseen(
        _ account: String,
        _ check: String,
        _ error: AWSError,
        _ role: RolePermissions?,
        _ statement: Statement?
    ) -> Finding {
        let fix =
            error.kind == .denied
            ? statement.map { "To have this checked: \(Self.add($0, to: role))" } : nil
        return .unknown(account, check, "could not look: \(error)", fix: fix)
    }

    /// A statement and the role it belongs to, as it is to be pasted.
    static func add(_ statement: Statement, to role: RolePermissions?) -> String {
        let name = role.map { "the policy of \($0.arn ?? $0.who)" } ?? "the role's policy"
        return "add to \(name): \(statement.json)"
    }
}

extension Statement {
    /// The statement on one line, as IAM takes it.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? sid
    }
}

extension RolePermissions {
    /// The statement, needed or optional, of that name; a role that several accounts share has one for each.
    func statement(_ sid: String, of account: AccountDocument) -> Statement? {
        (statements + optional).first { $0.sid == sid || $0.sid == sid + account.name.asSID }
    }
}

/// What a look showed, or how it failed.
typealias Seen<Value> = Result<Value, AWSError>

/// Looks, and keeps an error of AWS's as what was seen.
///
/// Throws `CancellationError`.
func see<Value>(_ look: () async throws -> Value) async throws -> Seen<Value> {
    do {
        return .success(try await look())
    } catch let error as AWSError {
        return .failure(error)
    }
}
