internal import Foundation
import Promotion

extension Section {
    /// The gate's `windows`, where it has any.
    func windows() -> Windows? {
        guard let section = section("windows", as: .windows) else { return nil }
        let zone = section.value("zone", .zone)
        let allow = section.list("allow", of: .span)
        let deny = section.list("deny", of: .denial)
        if !section.isStated("allow"), !section.isStated("deny") {
            source.report(
                "`windows` allows and denies nothing: give `allow`, `deny` or both, or leave it out",
                line: section.line
            )
        }
        let rules = deny?.map(\.value) ?? []
        let windows = Windows(
            zone: zone?.value ?? "",
            offsets: zone.map { Windows.offsets(of: $0.value) } ?? [],
            allow: allow?.map(\.value) ?? [],
            deny: rules.compactMap(\.span),
            denyDays: rules.compactMap(\.days)
        )
        if section.isWhole("allow", as: allow), section.isWhole("deny", as: deny), windows.isNeverOpen {
            source.report(
                "`windows` never open: whatever `allow` has, `deny` takes away; deny less, or allow more",
                line: section.line(of: "deny")
            )
        }
        return windows
    }
}

/// One entry of `deny`.
enum Denial: Hashable {
    case span(Windows.Span)
    case days(ClosedRange<Int>)

    var span: Windows.Span? {
        if case .span(let span) = self { span } else { nil }
    }

    var days: ClosedRange<Int>? {
        if case .days(let days) = self { days } else { nil }
    }
}

extension Windows {
    /// The years whose changes between summer and winter time are looked up; within them every release
    /// that anybody waits for has long come in.
    private static let years = 2020...2060
    /// Before it there was no release to let in.
    private static let firstYear = 2026
    private static let minutesOfDay = 1_440

    /// The offsets of a zone from UTC, as the time zone database has them.
    fileprivate static func offsets(of name: String) -> [Offset] {
        guard let zone = TimeZone(identifier: name),
            var day = CalendarDay(year: years.lowerBound, month: 1, day: 1)?.date,
            let end = CalendarDay(year: years.upperBound, month: 12, day: 31)?.date
        else { return [] }
        var offsets = [Offset(at: day, in: zone)]
        while let next = zone.nextDaylightSavingTimeTransition(after: day), next > day, next < end {
            day = next
            let offset = Offset(at: day, in: zone)
            if offset.seconds != offsets.last?.seconds { offsets.append(offset) }
        }
        return offsets
    }

    /// Whether no minute of the week is allowed and not denied, or every day is denied. Which day it is
    /// does not count: a folder that was right yesterday is right today.
    fileprivate var isNeverOpen: Bool {
        let week = 7 * Self.minutesOfDay
        var isOpen = [Bool](repeating: allow.isEmpty, count: week)
        for (spans, opens) in [(allow, true), (deny, false)] {
            for span in spans {
                for day in span.days {
                    let start = day * Self.minutesOfDay
                    let end = start + span.until + (span.until > span.from ? 0 : Self.minutesOfDay)
                    for minute in start + span.from..<end { isOpen[minute % week] = opens }
                }
            }
        }
        return !isOpen.contains(true) || isEveryDayDenied
    }

    private var isEveryDayDenied: Bool {
        guard var day = CalendarDay(year: Self.firstYear, month: 1, day: 1)?.number,
            let last = CalendarDay(year: Self.years.upperBound, month: 12, day: 31)?.number
        else { return false }
        for days in denyDays.sorted(by: { $0.lowerBound < $1.lowerBound }) where days.contains(day) {
            day = days.upperBound + 1
        }
        return day > last
    }
}

extension Windows.Offset {
    fileprivate init(at date: Date, in zone: TimeZone) {
        self.init(
            from: Moment(milliseconds: Int64(date.timeIntervalSince1970 * 1_000)),
            seconds: zone.secondsFromGMT(for: date)
        )
    }
}

/// A day of the calendar, `2026-12-24`.
private struct CalendarDay {
    let date: Date

    init?(year: Int, month: Int, day: Int) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let components = DateComponents(year: year, month: month, day: day)
        guard components.isValidDate(in: calendar), let date = calendar.date(from: components) else {
            return nil
        }
        self.date = date
    }

    init?(_ text: Substring) {
        let numbers = text.split(separator: "-").compactMap { Int($0) }
        self.init(year: numbers[0], month: numbers[1], day: numbers[2])
    }

    /// The days since 1970-01-01.
    var number: Int { Int(date.timeIntervalSince1970) / 86_400 }
}

extension Grammar where Value == String {
    /// A zone of the time zone database; abbreviations such as `PST` mean different things to different people.
    fileprivate static var zone: Grammar {
        .init("a time zone, such as `Europe/Berlin` or `UTC`") { scalar throws(Complaint) in
            guard scalar.kind == .text else { return nil }
            let zones = TimeZone.knownTimeZoneIdentifiers + ["UTC"]
            if zones.contains(scalar.text) { return scalar.text }
            if scalar.text.contains("/"), TimeZone(identifier: scalar.text) != nil { return scalar.text }
            guard let nearest = Spelling.nearest(to: scalar.text, in: zones) else { return nil }
            throw Complaint("is \(scalar.text.shown), which is no time zone; did you mean `\(nearest)`?")
        }
    }
}

extension Grammar where Value == Denial {
    /// A span of the week, a day, or all days from one to another. A day may stand without quotes,
    /// which YAML takes for a time.
    fileprivate static var denial: Grammar {
        let expects =
            "a span such as `Wed 12:00-13:00`, a day such as `2026-12-24`, or days such as `2026-12-20/2027-01-03`"
        return Grammar(expects) { scalar throws(Complaint) in
            if let span = try Windows.Span.read(scalar.text) { return .span(span) }
            let form = /([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\/([0-9]{4}-[0-9]{2}-[0-9]{2}))?/
            guard let match = scalar.text.wholeMatch(of: form) else { return nil }
            var days: [Int] = []
            for text in [match.1, match.2 ?? match.1] {
                guard let day = CalendarDay(text) else {
                    throw Complaint("is \(scalar.text.shown), but there is no day `\(text)`")
                }
                days.append(day.number)
            }
            guard days[0] <= days[1] else {
                throw Complaint(
                    "is \(scalar.text.shown), which ends before it begins: write the earlier day first"
                )
            }
            return .days(days[0]...days[1])
        }
    }
}

extension Grammar where Value == Windows.Span {
    fileprivate static var span: Grammar {
        Grammar("days and hours, such as `Mon-Thu 09:00-16:00` or `Sat,Sun 22:00-02:00`") {
            scalar throws(Complaint) in try Windows.Span.read(scalar.text)
        }
    }
}

extension Windows.Span {
    /// Reads `Day[-Day][,Day…] HH:MM-HH:MM`; nothing where the text is not like that at all.
    fileprivate static func read(_ text: String) throws(Complaint) -> Windows.Span? {
        let form = /([A-Za-z,\-]+) ([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})/
        guard let match = text.wholeMatch(of: form) else { return nil }
        var days: Set<Int> = []
        for part in match.1.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard let first = ends.first, let last = ends.last, ends.count <= 2 else { return nil }
            var day = try index(of: first, in: text)
            let end = try index(of: last, in: text)
            days.insert(day)
            while day != end {
                day = (day + 1) % 7
                days.insert(day)
            }
        }
        let from = try minute(match.2, match.3, in: text)
        let until = try minute(match.4, match.5, in: text)
        if from == 24 * 60 { throw Complaint("is \(text.shown), but no day begins at 24:00: write `00:00`") }
        if from == until {
            throw Complaint(
                "is \(text.shown), which ends when it begins: a whole day is `00:00-24:00`"
            )
        }
        return Windows.Span(days: days, from: from, until: until)
    }

    private static func index(of name: Substring, in text: String) throws(Complaint) -> Int {
        if let index = Windows.dayNames.firstIndex(of: String(name)) { return index }
        let days = Windows.dayNames.map(\.shown).formatted("or")
        throw Complaint("is \(text.shown), but \(String(name).shown) is no day: write \(days)")
    }

    private static func minute(_ hour: Substring, _ minute: Substring, in text: String) throws(Complaint)
        -> Int
    {
        let (hours, minutes) = (Int(hour) ?? 99, Int(minute) ?? 99)
        guard minutes < 60, hours < 24 || (hours == 24 && minutes == 0) else {
            throw Complaint(
                "is \(text.shown), but there is no time `\(hour):\(minute)`: write 00:00 to 24:00"
            )
        }
        return hours * 60 + minutes
    }
}
