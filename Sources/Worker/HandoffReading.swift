import AWS
import Foundation
import Ledger
import Native
import Promotion

/// Reads a hand-off strictly: whatever is missing, more than there should be, or of another shape is refused.
extension MessageReader {
    private static let (modelsAtMost, checksAtMost) = (10_000, 100)

    /// - Parameter sender: SQS's own SenderId.
    func handoff(_ message: [String: JSONValue], _ sender: String, _ body: String) throws -> HandoffMessage {
        let fields = try Fields(
            message,
            called: "`handoff`",
            of: [
                "sluice", "action", "release", "digest", "stage", "models", "evidence", "requestId",
            ]
        )
        let digest = try fields.text("digest")
        guard digest.wholeMatch(of: /[0-9a-f]{64}/) != nil else {
            throw Unreadable("`digest` has to be 64 hex digits")
        }
        guard let models = message["models"]?.object, (1...Self.modelsAtMost).contains(models.count) else {
            throw Unreadable("`models` has to be an object of 1 to \(Self.modelsAtMost) target models")
        }
        guard let evidence = message["evidence"]?.array else {
            throw Unreadable("`evidence` has to be a list")
        }
        let read = try models.mapValues(model)
        let handoff = Handoff(
            release: try fields.text("release"),
            digest: digest,
            stage: try fields.text("stage"),
            models: read.mapValues(\.version),
            evidence: try evidence.map(entry)
        )
        let requestID = try Digest.hex(Digest.sha256(fields.text("requestId")))
        // Sessions come and go with the processes of one worker, and what is not the same is another message.
        let key = try "handoff \(Sender(sender).person) \(requestID) \(Digest.hex(Digest.sha256(body)))"
        return HandoffMessage(handoff: handoff, pins: read.mapValues(\.pin), sender: sender, key: key)
    }

    private func model(_ value: JSONValue) throws -> (version: ModelVersion, pin: Pin) {
        let fields = try Fields(
            value,
            called: "an entry of `models`",
            of: ["package", "image", "url", "pin"]
        )
        let version = ModelVersion(
            package: try fields.text("package"),
            image: try fields.text("image"),
            artifact: try fields.text("url")
        )
        let pin = try Fields(
            fields.message["pin"] ?? .null,
            called: "`pin`",
            of: ["url", "owner", "versionId", "etag", "size", "partSize", "sha256"]
        )
        let url = try pin.text("url")
        guard url == version.artifact else { throw Unreadable("`pin` is of another artifact than its model") }
        let sha256 = try pin.optionalText("sha256")
        guard sha256?.wholeMatch(of: /[0-9a-f]{64}/) != nil || sha256 == nil else {
            throw Unreadable("`sha256` has to be 64 hex digits")
        }
        guard let size = try pin.count("size") else { throw Unreadable("`size` is missing") }
        return (
            version,
            Pin(
                url: url,
                owner: try pin.text("owner"),
                versionID: try pin.optionalText("versionId"),
                etag: try pin.text("etag"),
                size: size,
                partSize: try pin.count("partSize"),
                sha256: sha256
            )
        )
    }

    private func entry(_ value: JSONValue) throws -> Evidence {
        let fields = try Fields(
            value,
            called: "an entry of `evidence`",
            of: ["account", "stage", "verifiedAt", "checks"]
        )
        let account = try fields.text("account")
        guard AWSNames.isAccount(account) else { throw Unreadable("`account` has to be twelve digits") }
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let text = try fields.text("verifiedAt")
        guard let date = try? format.parse(text), Ledger.text(Moment(date)) == text else {
            throw Unreadable("`verifiedAt` has to be a time such as 2026-11-21T09:30:00.000Z")
        }
        guard let checks = fields.message["checks"]?.array, checks.count <= Self.checksAtMost else {
            throw Unreadable("`checks` has to be a list of at most \(Self.checksAtMost) texts")
        }
        return Evidence(
            account: account,
            stage: try fields.text("stage"),
            verifiedAt: Moment(date),
            checks: try checks.map { check in
                guard let text = check.string, text.utf8.count <= Fields.longest else {
                    throw Unreadable("`checks` has to be a list of texts of at most \(Fields.longest) bytes")
                }
                return text
            }
        )
    }
}
