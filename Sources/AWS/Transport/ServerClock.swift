public import Foundation
import Native
import Synchronization

/// The time as AWS has it: this machine's, corrected by what the server's own `Date` showed when a signature
/// was refused for its time.
///
/// A machine whose clock is off by more than five minutes can sign nothing that AWS accepts. The correction is
/// learned from a refusal and from nothing else, so that a right clock is never made wrong by a slow answer.
public final class ServerClock: Sendable {
    private let offset = Mutex(TimeInterval(0))
    private let local: @Sendable () -> Date

    /// - Parameter local: This machine's time.
    public init(local: @escaping @Sendable () -> Date = { Date() }) {
        self.local = local
    }

    public func now() -> Date { local().addingTimeInterval(offset.withLock { $0 }) }

    /// The codes with which services refuse a signature for its time, or may; a HEAD has no body to name one in.
    private static let codes: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
        "SignatureDoesNotMatch", "AuthFailure", "HTTP 403",
    ]

    /// Learns from a refusal what time it is.
    ///
    /// - Returns: Whether the clock was wrong, and the same call may be signed anew.
    func learns(from response: HTTPResponse, code: String) -> Bool {
        // A cached answer has the time of another.
        guard Self.codes.contains(code), response.header("Age") == nil,
            let text = response.header("Date"), let date = Self.date(text)
        else { return false }
        let here = local()
        return offset.withLock { offset in
            let found = date.timeIntervalSince(here)
            // Less is no reason for a refusal: JSON services tolerate five minutes.
            guard abs(found - offset) > 240 else { return false }
            offset = found
            return true
        }
    }

    /// Reads an HTTP date, RFC 9110's preferred form: `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ text: String) -> Date? {
        let style = Date.VerbatimFormatStyle(
            format: """
                \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \
                \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)
                """,
            locale: Locale(identifier: "en_US_POSIX"),
            timeZone: .gmt,
            calendar: Calendar(identifier: .gregorian)
        )
        guard text.hasSuffix(" GMT") else { return nil }
        return try? Date(String(text.dropLast(4)), strategy: style.parseStrategy)
    }
}
