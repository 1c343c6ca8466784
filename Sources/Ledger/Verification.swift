/// Whether the journal is what was written, as `ledger verify --json` prints it. The names are a contract.
public struct Verification: Codable, Sendable {
    /// The first thing that is wrong with a chain. What follows it in the chain was not looked at.
    public struct Fault: Codable, Sendable {
        public enum Kind: String, Codable, Sendable {
            case altered, missing, reordered, cutOff
        }

        public let kind: Kind
        /// The journal's number of the line that does not fit; nil where the chain's lines are all gone.
        public let id: Int64?
        /// The release or else the endpoint that the chain is about; empty for the chain of the rest.
        public let chain: String
        /// What is wrong, as a sentence.
        public let text: String
    }

    /// How many chains are sound.
    public internal(set) var chains = 0
    /// How many lines are sound: those of the sound chains, and those before the faults.
    public internal(set) var lines = 0
    public internal(set) var faults: [Fault] = []

    public var isSound: Bool { faults.isEmpty }
}

/// A line of the journal as `ledger export` writes it. The names are a contract.
public struct ExportedLine: Codable, Sendable {
    public let id: Int64
    /// Counts the lines of its chain, from 1.
    public let number: Int64
    public let at: String
    public let kind: String
    public let name: String
    public let endpoint: String?
    public let release: String?
    public let account: String?
    public let stage: String?
    public let text: String
    public let hash: String
}

extension Ledger {
    /// Walks every chain of the journal in order, and compares its end with its head.
    public func verify() async throws -> Verification {
        try await store.read { transaction in
            var walk = ChainWalk()
            var last = Int64.min
            while true {
                let rows = try transaction.rows(
                    "SELECT * FROM journal WHERE id > ? ORDER BY id LIMIT ?",
                    last,
                    Self.page
                )
                for row in rows {
                    last = try row.integer("id")
                    try walk.meet(row) { chain, number in
                        try transaction.row(
                            """
                            SELECT 1 AS later FROM journal
                            WHERE COALESCE(release, endpoint, '') = ? AND number = ? AND id > ? LIMIT 1
                            """,
                            chain,
                            number,
                            last
                        ) != nil
                    }
                }
                if rows.count < Self.page { break }
            }
            for row in try transaction.rows("SELECT * FROM journal_heads ORDER BY chain") {
                walk.compare(try row.text("chain"), with: try ChainHead(row))
            }
            return walk.verification
        }
    }

    /// A page of the journal in order, of one release if it is given; empty behind the last line.
    public func export(of release: String? = nil, after line: Int64) async throws -> [ExportedLine] {
        try await store.read { transaction in
            let rows =
                if let release {
                    try transaction.rows(
                        "SELECT * FROM journal WHERE release = ? AND id > ? ORDER BY id LIMIT ?",
                        release,
                        line,
                        Self.page
                    )
                } else {
                    try transaction.rows(
                        "SELECT * FROM journal WHERE id > ? ORDER BY id LIMIT ?",
                        line,
                        Self.page
                    )
                }
            return try rows.map { row in
                let line = try ChainedLine(row)
                return ExportedLine(
                    id: try row.integer("id"),
                    number: line.number,
                    at: Self.text(Self.moment(line.at)),
                    kind: line.kind,
                    name: line.name,
                    endpoint: line.endpoint,
                    release: line.release,
                    account: line.account,
                    stage: line.stage,
                    text: line.text,
                    hash: try row.text("hash")
                )
            }
        }
    }

    /// How many lines are in memory at once.
    private static let page = 500
}

/// Where each chain was last seen while the journal is walked.
private struct ChainWalk {
    private struct End {
        var head = ChainHead()
        var id: Int64?
        var isBroken = false
    }

    private var ends: [String: End] = [:]
    private var found = Verification()

    /// - Parameter comesLater: Whether a line of a chain with a number comes behind this one.
    mutating func meet(_ row: Row, comesLater: (String, Int64) throws -> Bool) throws {
        let line = try ChainedLine(row)
        let (chain, id, hash) = (line.chain, try row.integer("id"), try row.text("hash"))
        var end = ends[chain] ?? End()
        guard !end.isBroken else { return }
        let expected = end.head.number + 1
        end.id = id
        if line.number != expected {
            end.isBroken = true
            let isLate = line.number < expected
            if try isLate || comesLater(chain, expected) {
                report(
                    .reordered,
                    id,
                    chain,
                    "it says it is number \(line.number), and number \(expected) is due"
                )
            } else {
                let missing = line.number - expected
                report(
                    .missing,
                    id,
                    chain,
                    missing == 1
                        ? "the line before it is missing" : "the \(missing) lines before it are missing"
                )
            }
        } else if try line.hash(after: end.head.hash) != hash {
            end.isBroken = true
            report(.altered, id, chain, "it was altered: its hash is that of another text")
        } else {
            end.head = ChainHead(number: line.number, hash: hash)
            found.lines += 1
        }
        ends[chain] = end
    }

    mutating func compare(_ chain: String, with head: ChainHead) {
        let end = ends[chain] ?? End()
        ends[chain, default: End()].isBroken = true
        guard !end.isBroken else { return }
        if end.head == head {
            found.chains += 1
        } else if end.head.number < head.number {
            let last = end.id.map { "line \($0) is the last" } ?? "none of its lines is there"
            report(
                .cutOff,
                end.id,
                chain,
                "its end was cut off: \(last), and there were \(head.number) lines"
            )
        } else {
            report(.altered, end.id, chain, "it was altered: the chain's head is not its hash")
        }
    }

    /// What was found. A chain that no head was compared with has lost it.
    var verification: Verification {
        var walk = self
        for (chain, end) in ends.sorted(by: { $0.key < $1.key }) where !end.isBroken {
            walk.report(.altered, end.id, chain, "the chain's head is missing")
        }
        walk.found.faults.sort { ($0.id ?? .max, $0.chain) < ($1.id ?? .max, $1.chain) }
        return walk.found
    }

    private mutating func report(
        _ kind: Verification.Fault.Kind,
        _ id: Int64?,
        _ chain: String,
        _ why: String
    ) {
        found.faults.append(Verification.Fault(kind: kind, id: id, chain: chain, text: why))
    }
}
