/// Who put a message on a queue, as SQS itself names them: its `SenderId`.
///
/// A user is `AIDA…`; a session of a role is `AROA…:<session>`. Any text makes a sender, because a
/// message from someone of another form must be recorded and refused like any other, and no
/// `SenderPattern` matches one.
public struct Sender: Hashable, Sendable, CustomStringConvertible {
    /// The `SenderId`, whole.
    public let id: String

    public init(_ id: String) {
        self.id = id
    }

    /// The person behind the sender: the id without the session.
    ///
    /// Whoever may assume a role may choose its session name, so all sessions of one role are one person.
    public var person: String {
        String(id.prefix { $0 != ":" })
    }

    /// The role session's name, absent for a user.
    public var session: String? {
        guard let colon = id.firstIndex(of: ":") else { return nil }
        return String(id[id.index(after: colon)...])
    }

    public var description: String { id }
}

/// A set of senders, as the accounts folder names approvers and operators.
///
/// It is a user (`AIDA…`), every session of a role (`AROA…:*`), or those sessions of a role whose name a
/// glob matches (`AROA…:deploy-*`; `*` is any run of characters and `?` any one).
public struct SenderPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as it was written.
    public let text: String
    /// The id of the one user or role the pattern names; one person, however many sessions it matches.
    public let person: String
    /// The glob over session names, absent for a user.
    public let session: String?

    /// Reads a pattern.
    public init(_ text: String) throws(Problem) {
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        let id = text[..<colon]
        let session = colon < text.endIndex ? text[text.index(after: colon)...] : nil

        if id.contains(where: { $0 == "*" || $0 == "?" }) { throw .wildcardInID(text) }
        guard Self.isID(id) else { throw .notAnID(text) }
        if id.hasPrefix("AIDA") {
            guard session == nil else { throw .sessionOfUser(text) }
        } else {
            guard let session else { throw .roleWithoutSession(text) }
            guard Self.isSessionGlob(session) else { throw .notASession(text) }
        }
        self.text = text
        self.person = String(id)
        self.session = session.map(String.init)
    }

    /// Whether the sender is one of those the pattern names.
    public func matches(_ sender: Sender) -> Bool {
        guard sender.person == person else { return false }
        switch (session, sender.session) {
        case (nil, nil): return true
        case (let glob?, let name?): return Self.glob(Array(glob.utf8), matches: Array(name.utf8))
        default: return false
        }
    }

    public var description: String { text }
}

extension SenderPattern {
    /// Why a text is no pattern. The description says what would be one.
    public enum Problem: Error, Hashable, CustomStringConvertible {
        case notAnID(String)
        case wildcardInID(String)
        case roleWithoutSession(String)
        case sessionOfUser(String)
        case notASession(String)

        public var description: String {
            switch self {
            case .notAnID(let text):
                return "`\(text)` is no sender: a user is `AIDA…`, a role's sessions are `AROA…:*`, "
                    + "with 4 to 124 capital letters and digits after the prefix"
            case .wildcardInID(let text):
                return "`\(text)` has a wildcard in its id: only a role's session may have one, "
                    + "as in `AROA…:*`, so that a pattern names one person"
            case .roleWithoutSession(let text):
                return "`\(text)` names a role without its sessions: write `\(text):*` for all of them"
            case .sessionOfUser(let text):
                return "`\(text)` names a session of a user, but only a role (`AROA…`) has sessions"
            case .notASession(let text):
                return "`\(text)` has no usable session after the colon: write `*`, or 1 to 64 of "
                    + "letters, digits and `_+=,.@-` with `*` and `?` as wildcards"
            }
        }
    }
}

extension SenderPattern {
    private static func isID(_ id: Substring) -> Bool {
        guard id.hasPrefix("AIDA") || id.hasPrefix("AROA") else { return false }
        let rest = id.utf8.dropFirst(4)
        return (4...124).contains(rest.count) && rest.allSatisfy { isUpper($0) || isDigit($0) }
    }

    private static func isSessionGlob(_ glob: Substring) -> Bool {
        (1...64).contains(glob.utf8.count)
            && glob.utf8.allSatisfy { byte in
                isUpper(byte) || isLower(byte) || isDigit(byte) || "_+=,.@-*?".utf8.contains(byte)
            }
    }

    private static func isUpper(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
    }
    private static func isLower(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
    }
    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    /// Whether a glob matches a text: `*` is any run of characters and `?` any one.
    ///
    /// Matches without recursion: on a mismatch only the latest `*` need take one byte more, so the time
    /// is bounded by the product of the lengths whatever a sender calls their session.
    package static func glob(_ glob: [UInt8], matches name: [UInt8]) -> Bool {
        var (g, n) = (0, 0)
        var retry: (glob: Int, name: Int)?
        while n < name.count {
            if g < glob.count, glob[g] == UInt8(ascii: "*") {
                retry = (g + 1, n)
                g += 1
            } else if g < glob.count, glob[g] == UInt8(ascii: "?") || glob[g] == name[n] {
                g += 1
                n += 1
            } else if let (afterStar, taken) = retry {
                retry = (afterStar, taken + 1)
                (g, n) = (afterStar, taken + 1)
            } else {
                return false
            }
        }
        return glob[g...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
