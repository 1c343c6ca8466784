import Native

/// The connections that read, opened as they are needed. Whoever finds none free waits for one, in order.
actor PostgresReaders {
    private let address: PostgresAddress
    private var free: [PostgresThread] = []
    /// How many more there may be.
    private var left: Int
    private var waiting: [CheckedContinuation<PostgresThread, Never>] = []

    init(_ address: PostgresAddress, count: Int) {
        self.address = address
        left = count
    }

    nonisolated func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        let thread = await take()
        do {
            let value = try await thread.run { try Self.read(body, on: $0) }
            await put(thread)
            return value
        } catch {
            await put(thread)
            throw error
        }
    }

    private func take() async -> PostgresThread {
        if let thread = free.popLast() { return thread }
        if left > 0 {
            left -= 1
            return PostgresThread(to: address)
        }
        return await withCheckedContinuation { waiting.append($0) }
    }

    private func put(_ thread: PostgresThread) {
        if waiting.isEmpty {
            free.append(thread)
        } else {
            waiting.removeFirst().resume(returning: thread)
        }
    }

    private static func read<Value>(
        _ body: (any Transaction) throws -> Value,
        on connection: PostgresConnection
    ) throws -> Value {
        while true {
            // A connection that was idle may have been lost long ago; what is read on it is read once more.
            let mayBeStale = connection.isOpen
            try connection.open()
            do {
                try connection.script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                let value = try body(PostgresTransaction(connection))
                try connection.script("COMMIT")
                return value
            } catch {
                connection.rollback()
                guard !connection.isOpen, mayBeStale, error is PostgresError else { throw error }
            }
        }
    }
}
