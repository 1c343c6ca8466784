/// When a gate may let releases in, by the wall clock of one time zone.
///
/// The core reads no calendar: the zone's offsets and the dates come in as numbers, so that the same
/// moment always gives the same answer.
public struct Windows: Hashable, Sendable {
    /// A span of the week: on these days from one minute of the day until another, on the next day where
    /// the end is not after the beginning.
    public struct Span: Hashable, Sendable {
        /// 0 is Monday, 6 is Sunday.
        public let days: Set<Int>
        /// Minutes since midnight, 0 to 1,439; `until` may be 1,440, the end of the day.
        public let from: Int
        public let until: Int

        public init(days: Set<Int>, from: Int, until: Int) {
            self.days = days
            self.from = from
            self.until = until
        }
    }

    /// The time zone's name, such as `Europe/Berlin`.
    public let zone: String
    /// From when which offset from UTC in seconds holds, in order of time; the first holds for all time before.
    public let offsets: [Offset]
    /// Open in these, or always where there are none.
    public let allow: [Span]
    /// Closed in these, whatever is allowed.
    public let deny: [Span]
    /// Closed on these local days, both ends included, counted from 1970-01-01 as 0.
    public let denyDays: [ClosedRange<Int>]

    public struct Offset: Hashable, Sendable {
        public let from: Moment
        public let seconds: Int

        public init(from: Moment, seconds: Int) {
            self.from = from
            self.seconds = seconds
        }
    }

    public init(
        zone: String,
        offsets: [Offset],
        allow: [Span],
        deny: [Span],
        denyDays: [ClosedRange<Int>]
    ) {
        self.zone = zone
        self.offsets = offsets
        self.allow = allow
        self.deny = deny
        self.denyDays = denyDays
    }
}
