import Dispatch

/// A connection and the serial queue on whose thread it is used, so that waiting for the server blocks none of
/// Swift's cooperative threads.
///
/// The connection is touched by work on the queue alone, hence the unchecked conformance to `Sendable`.
public final class PostgresThread: @unchecked Sendable {
    private let queue = DispatchQueue(label: "sluice.postgres")
    private let connection: PostgresConnection

    public init(to address: PostgresAddress) {
        connection = PostgresConnection(to: address)
    }

    /// Runs the body with the connection, after whatever was to be run before. It is not cancelled.
    public func run<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body(self.connection) }) }
        }
    }
}
