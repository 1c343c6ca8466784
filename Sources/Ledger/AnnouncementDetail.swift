public import Promotion

extension Announcement {
    /// What an event's `detail` holds. Others build on it: a field is added here, never renamed.
    public struct Detail: Codable, Hashable, Sendable {
        /// The same for every delivery of this decision.
        public var id: String
        /// The hash of this decision's line in the journal, which covers all lines before it in its chain.
        public var head: String
        public var at: String
        /// What happened, such as `composed`, `verified` or `reachedGate`.
        public var name: String
        public var endpoint: String
        public var release: String?
        /// The release's number among those of its endpoint.
        public var number: Int?
        /// The account's name in the accounts folder.
        public var account: String?
        public var stage: String?
        /// What the release is in once this was decided, and what followed from it at once.
        public var state: Release.State?
        /// What happened and why, as a sentence.
        public var text: String
        /// Target model → model package ARN, of a release that was composed or opened again.
        public var models: [String: String]?
        /// Of a release that was verified: the stage that comes next.
        public var nextStage: String?
        /// Of a release that was verified: the checks that the gate of `nextStage` waits for.
        public var checks: [String]?
        /// What the gate tells its approvers, of a release that waits there.
        public var instructions: String?

        /// - Parameters:
        ///   - line: The decision's number in the journal.
        ///   - head: Its hash there.
        init(
            _ note: Note,
            line: Int64,
            head: String,
            of plan: EndpointPlan,
            release: Release?,
            at: String
        ) {
            id = "\(note.release ?? plan.name)#\(line)"
            self.head = head
            self.at = at
            name = note.name
            endpoint = plan.name
            self.release = note.release
            number = release?.number
            account = note.account
            stage = note.stage
            state = release?.state
            text = Self.cut(note.text)
            switch note.name {
            case "composed", "reopened":
                models = release?.models.mapValues(\.package)
            case "verified":
                let next = release.flatMap { plan.stage(after: note.stage ?? "", on: $0) }
                nextStage = next?.name
                checks = next.map { $0.gate.checks.map(\.name) }.flatMap { $0.isEmpty ? nil : $0 }
            case "reachedGate", "reminder":
                instructions = plan.stage(note.stage ?? "")?.gate.instructions.map(Self.cut)
            default: break
            }
        }

        /// The longest text in bytes. Escaped in JSON, two of these still leave room for the rest.
        static let longestText = 16_000
        /// The longest detail in bytes: EventBridge takes 256 KB with all that is around it.
        static let longest = 200_000

        private static func cut(_ text: String) -> String {
            guard text.utf8.count > longestText else { return text }
            let mark = " … (cut)"
            var (kept, size) = ("", mark.utf8.count)
            for character in text {
                size += character.utf8.count
                guard size <= longestText else { break }
                kept.append(character)
            }
            return kept + mark
        }

        /// The detail as JSON. The models are left out where there are too many of them for one event.
        func encoded() throws -> String {
            let whole = try Ledger.encode(self)
            guard whole.utf8.count > Self.longest else { return whole }
            var smaller = self
            smaller.models = nil
            return try Ledger.encode(smaller)
        }
    }
}
