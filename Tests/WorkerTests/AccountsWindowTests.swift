import Promotion
import Testing
import Worker

/// A gate's windows, as numbers for the core.
@Suite struct AccountsWindowTests {
    @Test func spansAndDaysAreRead() throws {
        let windows = try windows(
            """
            {zone: Europe/Berlin, allow: ["Mon-Thu 09:00-16:00", "Fri,Sun 22:00-02:30", "Sat-Mon 00:00-24:00"],
                    deny: ["Wed 12:00-13:00", 2026-12-20/2027-01-03, 2026-12-24, "1970-01-02"]}
            """
        )
        #expect(windows.zone == "Europe/Berlin")
        #expect(
            windows.allow == [
                Windows.Span(days: [0, 1, 2, 3], from: 540, until: 960),
                Windows.Span(days: [4, 6], from: 1_320, until: 150),
                Windows.Span(days: [5, 6, 0], from: 0, until: 1_440),
            ]
        )
        #expect(windows.deny == [Windows.Span(days: [2], from: 720, until: 780)])
        #expect(windows.denyDays == [20_807...20_821, 20_811...20_811, 1...1])
    }

    /// From 2020 to 2060, each time summer begins and ends.
    @Test func theZonesOffsetsAreThoseOfTheDatabase() throws {
        let berlin = try windows("{zone: Europe/Berlin, allow: [\"Mon 09:00-10:00\"]}").offsets
        #expect(berlin.first?.seconds == 3_600)
        #expect(berlin.count == 83)
        #expect(berlin.map(\.from) == berlin.map(\.from).sorted())
        // 2026-03-29T01:00:00Z and 2026-10-25T01:00:00Z.
        #expect(
            berlin.filter { (1_767_225_600_000..<1_798_761_600_000).contains($0.from.milliseconds) } == [
                Windows.Offset(from: Moment(milliseconds: 1_774_746_000_000), seconds: 7_200),
                Windows.Offset(from: Moment(milliseconds: 1_792_890_000_000), seconds: 3_600),
            ]
        )
        #expect(try windows("{zone: UTC, deny: [2026-12-24]}").offsets.map(\.seconds) == [0])
        // A zone that changed without summer time: 2024-02-29T18:00:00Z.
        #expect(
            try windows("{zone: Asia/Almaty, deny: [2026-12-24]}").offsets.dropFirst() == [
                Windows.Offset(from: Moment(milliseconds: 1_709_229_600_000), seconds: 18_000)
            ]
        )
    }

    @Test(arguments: [
        "{zone: UTC, allow: [\"Mon 09:00-10:00\"], deny: [\"Mon 09:00-09:59\"]}",
        "{zone: UTC, allow: [\"Sun 23:00-01:00\"], deny: [\"Sun 00:00-24:00\"]}",
        "{zone: UTC, deny: [\"Mon-Sat 00:00-24:00\", \"Sun 00:00-23:59\"]}",
        "{zone: UTC, deny: [2020-01-01/2026-12-31, 2027-01-02/2099-12-31]}",
        "{zone: Etc/UTC, deny: [2026-02-28]}",
    ])
    func opensNowAndThen(_ text: String) throws {
        _ = try windows(text)
    }

    @Test(arguments: [
        "{zone: UTC, allow: [\"Mon 09:00-10:00\"], deny: [\"Mon-Fri 08:00-18:00\"]}",
        "{zone: UTC, allow: [\"Sun 23:00-01:00\"], deny: [\"Sun 00:00-24:00\", \"Mon 00:00-01:00\"]}",
        "{zone: UTC, deny: [\"Mon-Sun 00:00-24:00\"]}",
        "{zone: UTC, deny: [\"Thu-Wed 12:00-11:59\", \"Mon-Sun 11:59-12:00\"]}",
        "{zone: UTC, deny: [2027-01-01/2099-12-31, 2000-01-01/2026-12-31]}",
    ])
    func neverOpens(_ text: String) throws {
        #expect(
            try problems(text) == [
                "accounts/endpoint.yaml:19: `windows` never open: whatever `allow` has, `deny` takes away; deny "
                    + "less, or allow more"
            ]
        )
    }

    @Test(arguments: [
        ("{allow: [\"Mon 09:00-10:00\"]}", "`zone` is missing: `windows` needs it"),
        (
            "{zone: UTC}",
            "`windows` allows and denies nothing: give `allow`, `deny` or both, or leave it out"
        ),
        (
            "{zone: Europe/Berln, deny: [2026-12-24]}",
            "`zone` is `Europe/Berln`, which is no time zone; did you mean `Europe/Berlin`?"
        ),
        (
            "{zone: Mars, deny: [2026-12-24]}",
            "`zone` must be a time zone, such as `Europe/Berlin` or `UTC`, but is `Mars`"
        ),
        (
            "{zone: UTC, deny: [2027-01-03/2026-12-20]}",
            "an entry of `deny` is `2027-01-03/2026-12-20`, which ends before it begins: write the earlier day first"
        ),
        (
            "{zone: UTC, deny: [2026-02-29]}",
            "an entry of `deny` is `2026-02-29`, but there is no day `2026-02-29`"
        ),
        (
            "{zone: UTC, allow: [2026-02-28]}",
            "an entry of `allow` must be days and hours, such as `Mon-Thu 09:00-16:00` or `Sat,Sun 22:00-02:00`, "
                + "but is the value `2026-02-28`"
        ),
        (
            "{zone: UTC, allow: [\"Mo 09:00-10:00\"]}",
            "an entry of `allow` is `Mo 09:00-10:00`, but `Mo` is no day: write `Mon`, `Tue`, `Wed`, `Thu`, `Fri`, "
                + "`Sat` or `Sun`"
        ),
        (
            "{zone: UTC, allow: [\"Mon 09:00-24:01\"]}",
            "an entry of `allow` is `Mon 09:00-24:01`, but there is no time `24:01`: write 00:00 to 24:00"
        ),
        (
            "{zone: UTC, allow: [\"Mon 24:00-09:00\"]}",
            "an entry of `allow` is `Mon 24:00-09:00`, but no day begins at 24:00: write `00:00`"
        ),
        (
            "{zone: UTC, allow: [\"Mon 09:00-09:00\"]}",
            "an entry of `allow` is `Mon 09:00-09:00`, which ends when it begins: a whole day is `00:00-24:00`"
        ),
        (
            "{zone: UTC, deny: [\"Mon, 9-10\"]}",
            "an entry of `deny` must be a span such as `Wed 12:00-13:00`, a day such as `2026-12-24`, or days such "
                + "as `2026-12-20/2027-01-03`, but is `Mon, 9-10`"
        ),
        (
            "{zone: UTC, allow: [\"Mon 09:00-10:00\", \"Mon-Mon 09:00-10:00\"]}",
            "`allow` names `Mon-Mon 09:00-10:00` twice"
        ),
        ("[x]", "`windows` must be a mapping of keys to values, but is a list"),
    ])
    func isReported(_ text: String, _ problem: String) throws {
        #expect(try problems(text) == ["accounts/endpoint.yaml:19: \(problem)"])
    }

    private func fixture(_ text: String) throws -> AccountsFixture {
        var fixture = AccountsFixture()
        try fixture.replace("approvals: 1", with: "windows: \(text)", in: "endpoint.yaml")
        return fixture
    }

    private func windows(_ text: String) throws -> Windows {
        try #require(fixture(text).load().endpoints.first?.stages.last?.gate.windows)
    }

    private func problems(_ text: String) throws -> [String] {
        try fixture(text).problems()
    }
}
