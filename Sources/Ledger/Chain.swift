import Native
import Promotion

/// A line of the journal as it is chained to the one before it.
///
/// A release's lines are one chain, those about an endpoint alone are another, and the rest is one too. A hash
/// covers everything before it, so who knows a chain's last hash knows when a line of it was changed.
struct ChainedLine {
    let number: Int64
    let at: Int64
    let kind: String
    let name: String
    let endpoint: String?
    let release: String?
    let account: String?
    let stage: String?
    let text: String

    /// The chain's name. No release is called like an endpoint, because its id holds a dot.
    var chain: String { release ?? endpoint ?? "" }

    /// The text that is hashed besides the hash before it. Lengths go before the values, so that no two different
    /// lines share a text; a value that is not there is a dash.
    var canonical: String {
        let values = [String(number), String(at), kind, name, endpoint, release, account, stage, text]
        return values.map { value in value.map { "\($0.utf8.count):\($0)," } ?? "-," }.joined()
    }

    /// - Parameter before: The hash of the line before it in its chain, empty for the first.
    func hash(after before: String) throws -> String {
        Digest.hex(try Digest.sha256(before + canonical))
    }
}

extension ChainedLine {
    init(_ row: Row) throws {
        number = try row.integer("number")
        at = try row.integer("at")
        kind = try row.text("kind")
        name = try row.text("name")
        endpoint = try row.optionalText("endpoint")
        release = try row.optionalText("release")
        account = try row.optionalText("account")
        stage = try row.optionalText("stage")
        text = try row.text("text")
    }
}

/// The last line of a chain. It is kept beside the journal, so that a tail that was cut off is missed.
struct ChainHead: Equatable {
    /// How many lines the chain has.
    var number: Int64 = 0
    var hash = ""
}

extension ChainHead {
    init(_ row: Row) throws {
        self.init(number: try row.integer("number"), hash: try row.text("hash"))
    }
}

extension Ledger {
    /// Writes a line into the journal, at the end of its chain.
    ///
    /// - Returns: The line's number in the journal, and its hash.
    @discardableResult
    func journal(
        _ kind: String,
        _ name: String,
        endpoint: String? = nil,
        release: String? = nil,
        account: String? = nil,
        stage: String? = nil,
        _ text: String,
        in transaction: any Transaction,
        now: Moment
    ) throws -> (id: Int64, hash: String)? {
        // No engine keeps a NUL in a text as it is, and what is hashed has to be what is kept.
        func kept(_ value: String) -> String {
            value.utf8.contains(0) ? value.replacing("\0", with: "\u{FFFD}") : value
        }
        let chain = kept(release ?? endpoint ?? "")
        let row = try transaction.row("SELECT number, hash FROM journal_heads WHERE chain = ?", chain)
        let head = try row.map(ChainHead.init) ?? ChainHead()
        let line = ChainedLine(
            number: head.number + 1,
            at: now.milliseconds,
            kind: kind,
            name: kept(name),
            endpoint: endpoint.map(kept),
            release: release.map(kept),
            account: account.map(kept),
            stage: stage.map(kept),
            text: kept(text)
        )
        let hash = try line.hash(after: head.hash)
        try transaction.run(
            """
            INSERT INTO journal_heads (chain, number, hash) VALUES (?, ?, ?)
            ON CONFLICT (chain) DO UPDATE SET number = excluded.number, hash = excluded.hash
            """,
            chain,
            line.number,
            hash
        )
        return try transaction.row(
            """
            INSERT INTO journal (number, at, kind, name, endpoint, release, account, stage, text, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
            """,
            line.number,
            line.at,
            line.kind,
            line.name,
            line.endpoint,
            line.release,
            line.account,
            line.stage,
            line.text,
            hash
        ).map { (try $0.integer("id"), hash) }
    }
}
