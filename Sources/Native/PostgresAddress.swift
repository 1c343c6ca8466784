import CPostgres

/// Where a PostgreSQL database is and how one gets in: a `postgresql://` URL, checked and never shown.
///
/// What the URL leaves out libpq takes from its own places: `PGHOST`, `PGPASSWORD`, `PGSSLMODE`, `~/.pgpass`.
public struct PostgresAddress: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    let url: String
    private let secrets: [String]
    /// Host, port and database, without user, password and options.
    public let description: String

    /// - Throws: An error that holds nothing of the URL, because a password with an unescaped character may
    ///   turn up in any part of it.
    public init(_ url: String) throws(PostgresError) {
        guard url.hasPrefix("postgresql://") || url.hasPrefix("postgres://"), !url.utf8.contains(0),
            let parts = Self.parse(url), Self.isPlausible(parts)
        else {
            throw PostgresError(
                .address,
                "the PostgreSQL URL cannot be read; it is written postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
                    + "and a character like @, / or % in a password is written %40, %2F or %25"
            )
        }
        self.url = url
        secrets = ["password", "sslpassword"].compactMap { parts[$0] }.filter { !$0.isEmpty }
        let database = parts["dbname"] ?? ""
        let host = parts["host"] ?? parts["hostaddr"] ?? ""
        description =
            if host.hasPrefix("/") {
                "postgresql:///\(database)?host=\(host)"
            } else {
                "postgresql://\(host)\(parts["port"].map { ":\($0)" } ?? "")/\(database)"
            }
    }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// A text of libpq's without what must not be in one.
    func redact(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: "…") }
    }

    /// See [PQconninfoParse](https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PQCONNINFOPARSE).
    private static func parse(_ url: String) -> [String: String]? {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            PQfreemem(message)
            return nil
        }
        defer { PQconninfoFree(options) }
        var parts: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { parts[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return parts
    }

    /// Whether no part of the URL went where it does not belong: `u:p/w@h/d` has the port `p`.
    private static func isPlausible(_ parts: [String: String]) -> Bool {
        let ports = (parts["port"] ?? "").split(separator: ",")
        let names = ["host", "hostaddr", "dbname"].compactMap { parts[$0] }
        return ports.allSatisfy { UInt16($0) != nil } && !names.contains { $0.contains("@") }
    }
}
