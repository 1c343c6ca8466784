import TestTools
import Testing

@testable import Promotion

/// Windows on the wall clock of zones made by hand, so that no time zone database decides a test.
@Suite struct WindowsTests {
    typealias Span = Windows.Span

    /// Berlin's clock from 2026-01-01 on: forward on 2026-03-29 and 2027-03-28, back on 2026-10-25.
    static let berlin = [
        Windows.Offset(from: utc(20_454), seconds: 3_600),
        Windows.Offset(from: utc(20_541, 1, 0), seconds: 7_200),
        Windows.Offset(from: utc(20_751, 1, 0), seconds: 3_600),
        Windows.Offset(from: utc(20_905, 1, 0), seconds: 7_200),
    ]
    static let workdays: Set = [0, 1, 2, 3, 4]
    static let everyDay = Set(0...6)

    /// Monday, 2026-11-23.
    static let monday = 20_780

    static func utc(_ day: Int, _ hour: Int = 0, _ minute: Int = 0) -> Moment {
        second(Int64(((day * 24 + hour) * 60 + minute) * 60))
    }

    static func windows(
        _ offsets: [Windows.Offset] = berlin,
        allow: [Span] = [],
        deny: [Span] = [],
        denyDays: [ClosedRange<Int>] = []
    ) -> Windows {
        Windows(zone: "Europe/Berlin", offsets: offsets, allow: allow, deny: deny, denyDays: denyDays)
    }

    static func span(_ days: Set<Int>, _ from: Int, _ until: Int) -> Span {
        Span(days: days, from: from, until: until)
    }

    @Test func anAllowedSpanOpensAndClosesByTheWallClock() {
        let windows = Self.windows(allow: [Self.span(Self.workdays, 9 * 60, 16 * 60)])
        let opening = Self.utc(Self.monday, 8, 0)
        let closing = Self.utc(Self.monday, 15, 0)
        #expect(!windows.isOpen(at: opening - .milliseconds(1)))
        #expect(windows.isOpen(at: opening))
        #expect(windows.isOpen(at: closing - .milliseconds(1)))
        #expect(!windows.isOpen(at: closing))
        #expect(windows.nextChange(after: opening - .milliseconds(1)) == opening)
        #expect(windows.nextChange(after: opening) == closing)
        #expect(windows.nextChange(after: closing) == Self.utc(Self.monday + 1, 8, 0))
        #expect(windows.nextOpening(after: opening - .minutes(3)) == opening)
        #expect(windows.nextOpening(after: opening) == Self.utc(Self.monday + 1, 8, 0))
    }

    @Test func theWeekendIsPassedOver() {
        let windows = Self.windows(allow: [Self.span(Self.workdays, 9 * 60, 16 * 60)])
        let friday = Self.utc(Self.monday - 3, 15, 0)
        #expect(windows.nextChange(after: friday) == Self.utc(Self.monday, 8, 0))
    }

    @Test func withoutAnyWindowItIsAlwaysOpen() {
        let windows = Self.windows()
        #expect(windows.isOpen(at: Self.utc(Self.monday)))
        #expect(windows.nextChange(after: Self.utc(Self.monday)) == nil)
        #expect(windows.nextOpening(after: Self.utc(Self.monday)) == nil)
    }

    @Test func aZoneWithoutOffsetsIsUTC() {
        let windows = Self.windows([], allow: [Self.span([0], 60, 120)])
        #expect(windows.isOpen(at: Self.utc(Self.monday, 1, 0)))
        #expect(windows.nextChange(after: Self.utc(Self.monday)) == Self.utc(Self.monday, 1, 0))
    }

    @Test func denyBeatsAllow() {
        let windows = Self.windows(
            allow: [Self.span(Self.workdays, 9 * 60, 16 * 60)],
            deny: [Self.span([0], 12 * 60, 13 * 60)]
        )
        #expect(!windows.isOpen(at: Self.utc(Self.monday, 11, 30)))
        #expect(windows.nextChange(after: Self.utc(Self.monday, 8, 0)) == Self.utc(Self.monday, 11, 0))
        #expect(windows.nextOpening(after: Self.utc(Self.monday, 8, 0)) == Self.utc(Self.monday, 12, 0))
    }

    @Test func aSpanMayCrossMidnight() {
        let windows = Self.windows(allow: [Self.span([4], 22 * 60, 6 * 60)])
        let friday = Self.monday - 3
        #expect(!windows.isOpen(at: Self.utc(friday, 4, 0)))
        #expect(windows.isOpen(at: Self.utc(friday, 21, 0)))
        #expect(windows.isOpen(at: Self.utc(friday + 1, 4, 59)))
        #expect(!windows.isOpen(at: Self.utc(friday + 1, 5, 0)))
        #expect(!windows.isOpen(at: Self.utc(friday + 1, 21, 0)))
        #expect(windows.nextChange(after: Self.utc(friday, 21, 0)) == Self.utc(friday + 1, 5, 0))
    }

    @Test func aSpanThatEndsWhenItBeganLastsADay() {
        let windows = Self.windows(allow: [Self.span([6], 9 * 60, 9 * 60)])
        let sunday = Self.monday - 1
        #expect(windows.nextOpening(after: Self.utc(sunday)) == Self.utc(sunday, 8, 0))
        #expect(windows.nextChange(after: Self.utc(sunday, 8, 0)) == Self.utc(Self.monday, 8, 0))
    }

    @Test func minute1440IsTheEndOfTheDay() {
        let windows = Self.windows(allow: [Self.span([0], 0, 1_440)])
        #expect(windows.isOpen(at: Self.utc(Self.monday, 22, 59)))
        #expect(!windows.isOpen(at: Self.utc(Self.monday, 23, 0)))
        #expect(windows.nextOpening(after: Self.utc(Self.monday - 1)) == Self.utc(Self.monday - 1, 23, 0))
        let always = Self.windows(allow: [Self.span(Self.everyDay, 0, 1_440)])
        #expect(always.nextChange(after: Self.utc(Self.monday)) == nil)
    }

    @Test func deniedDatesIncludeBothEndsOnTheLocalCalendar() {
        let windows = Self.windows(denyDays: [Self.monday...(Self.monday + 499)])
        let closing = Self.utc(Self.monday - 1, 23, 0)
        // It ends in the summer of 2028, for which the table still has the offset of the summer before.
        let opening = Self.utc(Self.monday + 499, 22, 0)
        #expect(windows.isOpen(at: closing - .milliseconds(1)))
        #expect(!windows.isOpen(at: closing))
        #expect(windows.nextChange(after: closing - .hours(5)) == closing)
        #expect(windows.nextChange(after: closing) == opening)
        #expect(windows.nextOpening(after: closing - .hours(5)) == opening)
    }

    @Test func whatNeverOpensIsSaidSo() {
        let never = Self.windows(allow: [Self.span([0], 60, 120)], deny: [Self.span([0], 0, 1_440)])
        #expect(never.nextChange(after: Self.utc(Self.monday)) == nil)
        #expect(never.nextOpening(after: Self.utc(Self.monday)) == nil)
        let tooFar = Self.windows(denyDays: [Self.monday...(Self.monday + 900)])
        #expect(tooFar.nextOpening(after: Self.utc(Self.monday)) == nil)
    }

    @Test func anOpeningInTheSkippedHourComesWhenTheClockIsPutForward() {
        // On 2026-03-29 in Berlin 02:00 is followed by 03:00.
        let windows = Self.windows(allow: [Self.span([6], 150, 240)])
        let forward = Self.utc(20_541, 1, 0)
        #expect(!windows.isOpen(at: forward - .milliseconds(1)))
        #expect(windows.isOpen(at: forward))
        #expect(windows.nextOpening(after: forward - .hours(3)) == forward)
        #expect(windows.nextChange(after: forward) == Self.utc(20_541, 2, 0))
    }

    @Test func aSpanWithinTheSkippedHourIsPassedOver() {
        let windows = Self.windows(allow: [Self.span([6], 130, 170)])
        // The Sunday after, in summer time.
        #expect(windows.nextOpening(after: Self.utc(20_540)) == Self.utc(20_548, 0, 10))
    }

    @Test func aSpanInTheRepeatedHourOpensTwice() {
        // On 2026-10-25 in Berlin 03:00 is 02:00 again.
        let windows = Self.windows(allow: [Self.span([6], 130, 170)])
        var moment = Self.utc(20_751)
        var changes: [Moment] = []
        for _ in 0..<4 {
            guard let next = windows.nextChange(after: moment) else { break }
            changes.append(next)
            moment = next
        }
        let expected = [(0, 10), (0, 50), (1, 10), (1, 50)].map { Self.utc(20_751, $0.0, $0.1) }
        #expect(changes == expected)
    }

    @Test func theTextIsTheLocalTime() {
        let windows = Self.windows()
        #expect(windows.text(Self.utc(Self.monday, 8, 0)) == "Mon 2026-11-23 09:00 Europe/Berlin")
        #expect(windows.text(Self.utc(Self.monday - 1, 23, 5)) == "Mon 2026-11-23 00:05 Europe/Berlin")
        #expect(windows.text(Self.utc(20_541, 1, 0)) == "Sun 2026-03-29 03:00 Europe/Berlin")
        let plain = Self.windows([])
        #expect(plain.text(second(0)) == "Thu 1970-01-01 00:00 Europe/Berlin")
        #expect(plain.text(second(-60)) == "Wed 1969-12-31 23:59 Europe/Berlin")
        #expect(plain.text(second(951_782_400)) == "Tue 2000-02-29 00:00 Europe/Berlin")
        #expect(plain.text(second(1_798_761_599)) == "Thu 2026-12-31 23:59 Europe/Berlin")
    }

    /// The same answers as a walk over every minute of ten days, by tables that know nothing of spans.
    @Test func randomWindowsAreWalkedRight() {
        for seed in UInt64(0)..<150 {
            var chance = Chance(seed: seed)
            let start = Self.utc(Self.monday + chance.below(9), chance.below(24), chance.below(60))
            let windows = Self.randomWindows(&chance, around: start)
            let naive = Naive(windows)
            let after = start + .milliseconds(chance.below(60_000))
            let minutes = (1...14_400).map { start + .minutes($0) }
            let now = naive.isOpen(at: after)
            let change = minutes.first { naive.isOpen(at: $0) != now }
            var wasOpen = now
            let opening = minutes.first { minute in
                defer { wasOpen = naive.isOpen(at: minute) }
                return !wasOpen && naive.isOpen(at: minute)
            }
            #expect(windows.isOpen(at: after) == now, "seed \(seed)")
            expectSame(windows.nextChange(after: after), change, beyond: minutes, "seed \(seed)")
            expectSame(windows.nextOpening(after: after), opening, beyond: minutes, "seed \(seed)")
        }
    }

    /// What the walk did not find must come after it or never.
    private func expectSame(_ found: Moment?, _ walked: Moment?, beyond: [Moment], _ seed: Comment) {
        if let walked {
            #expect(found == walked, seed)
        } else if let found, let last = beyond.last {
            #expect(found > last, seed)
        }
    }

    private static func randomWindows(_ chance: inout Chance, around: Moment) -> Windows {
        var offsets = [Windows.Offset(from: around - .days(20), seconds: 900 * (chance.below(80) - 40))]
        for _ in 0..<chance.below(4) {
            guard let last = offsets.last else { break }
            let step = 1_800 * [-2, -1, 1, 2, 48][chance.below(5)]
            offsets.append(
                Windows.Offset(
                    from: max(last.from, around - .days(2)) + .minutes(15 * (1 + chance.below(400))),
                    seconds: last.seconds + step
                )
            )
        }
        func spans(_ chance: inout Chance) -> [Span] {
            (0..<chance.below(3)).map { _ in
                let days = Set((0..<(1 + chance.below(7))).map { _ in chance.below(7) })
                return span(days, chance.below(1_440), 1 + chance.below(1_440))
            }
        }
        let first = Self.monday + chance.below(10) - 3
        return windows(
            offsets,
            allow: spans(&chance),
            deny: spans(&chance),
            denyDays: chance.below(3) == 0 ? [first...(first + chance.below(5))] : []
        )
    }
}

/// Windows as tables: for every minute of a week whether it is open, with no look at what comes next.
private struct Naive {
    let windows: Windows
    let week: [Bool]

    init(_ windows: Windows) {
        self.windows = windows
        func minutes(of spans: [Windows.Span]) -> Set<Int> {
            var minutes: Set<Int> = []
            for span in spans {
                for day in span.days {
                    var minute = span.from
                    repeat {
                        minutes.insert((day * 1_440 + minute) % 10_080)
                        minute += 1
                    } while minute % 1_440 != span.until % 1_440
                }
            }
            return minutes
        }
        let denied = minutes(of: windows.deny)
        let allowed = windows.allow.isEmpty ? Set(0..<10_080) : minutes(of: windows.allow)
        week = (0..<10_080).map { allowed.contains($0) && !denied.contains($0) }
    }

    func isOpen(at moment: Moment) -> Bool {
        var seconds = windows.offsets[0].seconds
        for offset in windows.offsets where offset.from <= moment { seconds = offset.seconds }
        let local = (Int(moment.milliseconds / 1_000) + seconds) / 60
        if windows.denyDays.contains(where: { $0.contains(local / 1_440) }) { return false }
        // Day 0 was a Thursday.
        return week[(local + 3 * 1_440) % 10_080]
    }
}
