import Dispatch
import Glibc

/// What others tell with NOTIFY, over a connection of its own.
public enum PostgresNotices {
    /// Listens to a channel for as long as the stream is used, connecting again whenever the connection is lost.
    ///
    /// - Parameters:
    ///   - channel: An identifier of letters.
    ///   - isWanted: Whether a payload is worth an element.
    /// - Returns: An element for wanted notices, and one for each time that listening began, because what was
    ///   told before was not heard. Elements that nobody has taken are one.
    public static func stream(
        from address: PostgresAddress,
        channel: String,
        where isWanted: @escaping @Sendable (String) -> Bool
    ) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        guard let stop = StopSignal() else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { _ in stop.raise() }
        DispatchQueue(label: "sluice.postgres.notices").async {
            let connection = PostgresConnection(to: address)
            while !stop.isRaised(within: 0) {
                do throws(PostgresError) {
                    try connection.open()
                    try connection.script("LISTEN \(channel)")
                    continuation.yield()
                    while !stop.isRaised(within: 0) {
                        let payloads = try connection.notices(orReadable: stop.descriptor)
                        if payloads.contains(where: isWanted) { continuation.yield() }
                    }
                } catch {
                    // The next one who works on the ledger says what is wrong with it.
                    connection.close()
                    _ = stop.isRaised(within: 200)
                }
            }
            connection.close()
        }
        return stream
    }
}

/// Something to wait for beside a socket: a pair of sockets, one of which, once raised, can be read for ever.
private final class StopSignal: Sendable {
    let descriptor: Int32
    private let other: Int32

    init?() {
        var ends: [Int32] = [-1, -1]
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue
        if socketpair(AF_UNIX, Int32(kind), 0, &ends) != 0 { return nil }
        (descriptor, other) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(other)
    }

    func raise() {
        _ = write(other, [1], 1)
    }

    func isRaised(within milliseconds: Int32) -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, milliseconds) > 0
    }
}
