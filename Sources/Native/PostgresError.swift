/// Why PostgreSQL did not do what it was asked.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// The URL cannot be read.
        case address
        case couldNotConnect
        /// The connection ended, or fell silent, before the answer: what was asked for may have happened.
        case lost
        /// The server said no, with this SQLSTATE.
        case refused(String)
        /// The answer or an argument is of a kind that is not dealt with here.
        case value
    }

    public let code: Code
    /// A sentence that holds no argument of a statement, no password and no URL.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// - Parameter message: What the server said first. Its details and hints are left out: they quote rows.
    init(state: String, message: String) {
        // Data exceptions quote the value that does not fit.
        let said = state.hasPrefix("22") ? "a value is of the wrong form" : message
        self.init(.refused(state), "\(said) (PostgreSQL \(state))")
    }
}
