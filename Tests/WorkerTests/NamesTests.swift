import Promotion
import Testing

@testable import Worker

/// What Sluice's things are called in an account, and where objects are.
@Suite struct NamesTests {
    private static let digest = String(repeating: "0123456789abcdef", count: 4)

    @Test func namesAreThoseOfTheContract() throws {
        let release = try Self.release("demand-forecast")
        #expect(release.id == "demand-forecast.0123456789")
        #expect(try Names.model(release) == "demand-forecast-0123456789")
        #expect(try Names.model(release, attempt: 2) == "demand-forecast-0123456789-2")
        #expect(try Names.config(release, attempt: 12) == "demand-forecast-0123456789-12")
        let account = try #require(try AccountsFixture().load().account(named: "prod"))
        #expect(Names.prefix(release, in: account) == "s3://acme-prod/models/demand-forecast.0123456789/")
    }

    /// SageMaker takes 63 characters, of letters, digits and hyphens that are not at an end.
    @Test(arguments: 1...63) func everyNameFits(_ length: Int) throws {
        for endpoint in [String(repeating: "e", count: length), Self.hyphenated(length)] {
            let release = try Self.release(endpoint)
            for name in try [
                Names.model(release), Names.config(release, attempt: 1),
                Names.config(release, attempt: 123_456),
            ] {
                #expect(name.count <= 63)
                #expect(name.wholeMatch(of: /[a-zA-Z0-9](-*[a-zA-Z0-9])*/) != nil)
                #expect(name.contains("-0123456789"))
                // Policies allow an endpoint's models and configs by that.
                #expect(name.hasPrefix(Names.beginning(of: endpoint)))
            }
        }
    }

    @Test func aNameIsCutOnlyWhereItHasTo() throws {
        let fits = String(repeating: "e", count: 52)
        #expect(try Names.model(Self.release(fits)) == "\(fits)-0123456789")
        #expect(try Names.model(Self.release(fits + "e")).count == 63)
        #expect(try !Names.model(Self.release(fits + "e")).hasPrefix(fits))
    }

    @Test func longNamesThatBeginAlikeNeverMeet() throws {
        let begin = String(repeating: "e", count: 62)
        let names = try ["a", "b", "c"].flatMap { end in
            try [Names.model(Self.release(begin + end)), Names.config(Self.release(begin + end), attempt: 1)]
        }
        #expect(Set(names).count == names.count)
        // And yet the same endpoint's names stay the same, or nothing would be found again.
        #expect(try Names.model(Self.release(begin + "a")) == names[0])
    }

    @Test func attemptsNeverMeet() throws {
        let release = try Self.release(String(repeating: "e", count: 63))
        let names = try (1...1000).map { try Names.config(release, attempt: $0) }
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: [
        ("s3://bucket/key", "bucket", "key"), ("s3://bucket/a/b.tar.gz", "bucket", "a/b.tar.gz"),
        ("s3://b//k", "b", "/k"), ("s3://b/ä ?#%", "b", "ä ?#%"),
    ])
    func anObjectHasABucketAndAKey(_ url: String, _ bucket: String, _ key: String) throws {
        let place = try #require(S3URL(url))
        #expect(place.bucket == bucket)
        #expect(place.key == key)
    }

    @Test(arguments: [
        "", "s3://", "s3://bucket", "s3://bucket/", "s3://bucket/prefix/", "s3:///key", "S3://bucket/key",
        "https://bucket.s3.amazonaws.com/key", "bucket/key",
    ])
    func whatIsNoObjectIsRefused(_ url: String) {
        #expect(S3URL(url) == nil)
    }

    /// A name of that length with as many hyphens as a name can have, so that a cut may meet one.
    private static func hyphenated(_ length: Int) -> String {
        String((0..<length).map { $0 % 2 == 1 && $0 < length - 1 ? "-" : "e" })
    }

    /// A release as the core makes it, of which only the endpoint and the digest matter here.
    private static func release(_ endpoint: String) throws -> Release {
        let stage = StagePlan(
            name: "staging",
            accounts: ["staging": ""],
            accepts: [.approved],
            soak: .zero,
            gate: GatePlan(approvals: 0, approvers: [], expires: .zero)
        )
        var state = EndpointState(
            plan: EndpointPlan(name: endpoint, targets: [:], image: nil, stages: [stage], operators: []),
            triggeredBy: "somebody"
        )
        let models = ["m": ModelVersion(package: "p", image: "i", artifact: "a")]
        state.compose(models, digest: digest, known: nil, now: Moment(milliseconds: 0))
        return try #require(state.releases.first)
    }
}
