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

extension Windows {
    /// How far ahead a change is looked for: deny ranges of a year and more end within it.
    static let horizon = Duration.seconds(800 * 86_400)
    static let minutesPerDay = 1_440

    public func isOpen(at moment: Moment) -> Bool {
        isOpen(at: LocalMinute(moment, offset: offset(at: moment)))
    }

    /// The first moment after the given one at which `isOpen` says otherwise than at it; nil where it never
    /// does within some 800 days.
    public func nextChange(after moment: Moment) -> Moment? {
        let end = moment + Self.horizon
        return nextChange(after: moment, until: end)
    }

    /// The first moment after the given one at which what is closed opens: where it is open now, the opening
    /// that follows the next closing. Nil where there is none within some 800 days.
    public func nextOpening(after moment: Moment) -> Moment? {
        let end = moment + Self.horizon
        guard let change = nextChange(after: moment, until: end) else { return nil }
        return isOpen(at: change) ? change : nextChange(after: change, until: end)
    }

    /// What the zone's wall clock shows, such as `Mon 2026-11-23 09:00 Europe/Berlin`.
    public func text(_ moment: Moment) -> String {
        let local = LocalMinute(moment, offset: offset(at: moment))
        return "\(Self.dayNames[local.weekday]) \(local.date) \(Self.time(local.minute)) \(zone)"
    }

    /// The days of the week as the accounts folder names them; 0 is Monday.
    public static let dayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    /// A minute of the day as a clock shows it.
    static func time(_ minute: Int) -> String { "\(twoDigits(minute / 60)):\(twoDigits(minute % 60))" }

    /// The date of a day counted from 1970-01-01.
    static func date(_ day: Int) -> String { LocalMinute(day: day, minute: 0).date }

    private func isOpen(at local: LocalMinute) -> Bool {
        if denyDays.contains(where: { $0.contains(local.day) }) { return false }
        if deny.contains(where: { $0.contains(local) }) { return false }
        return allow.isEmpty || allow.contains { $0.contains(local) }
    }

    /// Whether it is open depends on the wall clock alone, so it can change only where a span or a day begins
    /// or ends on it, and where the clock itself is put forward or back. Those moments are looked at, in order,
    /// one stretch of constant offset after the other: so a local time that the clock skips is never asked for,
    /// and one that it shows twice is asked for twice.
    private func nextChange(after moment: Moment, until end: Moment) -> Moment? {
        let isOpenNow = isOpen(at: moment)
        let edges = self.edges
        var index = stretch(at: moment)
        var start = moment
        while start < end {
            let seconds = offsets.isEmpty ? 0 : offsets[index].seconds
            let stop = index + 1 < offsets.count ? min(end, offsets[index + 1].from) : end
            let first = LocalMinute(start, offset: seconds)
            if isOpen(at: first) != isOpenNow { return start }
            let last = LocalMinute(stop, offset: seconds)
            for day in first.day...last.day {
                for minute in edges {
                    let local = LocalMinute(day: day, minute: minute)
                    let candidate = local.moment(offset: seconds)
                    if candidate > start, candidate < stop, isOpen(at: local) != isOpenNow {
                        return candidate
                    }
                }
            }
            index += 1
            start = stop
        }
        return nil
    }

    /// The minutes of a day at which something may begin or end, in order.
    private var edges: [Int] {
        let ends = (allow + deny).flatMap { [$0.from, $0.until % Self.minutesPerDay] }
        return Set([0] + ends).sorted()
    }

    private func offset(at moment: Moment) -> Int {
        offsets.isEmpty ? 0 : offsets[stretch(at: moment)].seconds
    }

    /// The position of the offset that holds at the moment.
    private func stretch(at moment: Moment) -> Int {
        offsets.lastIndex { $0.from <= moment } ?? 0
    }
}

extension Windows.Span {
    fileprivate func contains(_ local: LocalMinute) -> Bool {
        if until > from {
            return days.contains(local.weekday) && from <= local.minute && local.minute < until
        }
        return days.contains(local.weekday) && from <= local.minute
            || days.contains((local.weekday + 6) % 7) && local.minute < until
    }
}

/// One minute on the wall clock of a zone.
private struct LocalMinute {
    /// Counted from 1970-01-01 as 0.
    let day: Int
    /// Since midnight.
    let minute: Int

    init(day: Int, minute: Int) {
        self.day = day
        self.minute = minute
    }

    init(_ moment: Moment, offset seconds: Int) {
        let minutes = floorDivide(floorDivide(Int(moment.milliseconds), 1_000) + seconds, 60)
        day = floorDivide(minutes, Windows.minutesPerDay)
        minute = minutes - day * Windows.minutesPerDay
    }

    /// 0 is Monday; 1970-01-01 was a Thursday.
    var weekday: Int { ((day + 3) % 7 + 7) % 7 }

    func moment(offset seconds: Int) -> Moment {
        Moment(milliseconds: Int64((day * Windows.minutesPerDay + minute) * 60 - seconds) * 1_000)
    }

    /// The date in the Gregorian calendar, counted in years that begin in March, so that a leap day comes last.
    var date: String {
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(year)-\(twoDigits(month))-\(twoDigits(dayOfMonth))"
    }
}

/// The quotient rounded down, also below zero.
private func floorDivide(_ number: Int, _ divisor: Int) -> Int {
    let quotient = number / divisor
    return number % divisor < 0 ? quotient - 1 : quotient
}

private func twoDigits(_ number: Int) -> String {
    number < 10 ? "0\(number)" : "\(number)"
}
