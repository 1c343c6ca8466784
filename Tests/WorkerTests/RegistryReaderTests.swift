import Foundation
import Ledger
import Promotion
import Testing

@testable import AWS
@testable import Worker

/// What DescribeModelPackage's reply says, and whether such a package can be served.
@Suite struct RegistryReaderTests {
    private static let arn = "arn:aws:sagemaker:eu-west-1:111111111111:model-package/demand-de/3"
    private static let now = Moment(milliseconds: 1_780_000_000_000)

    @Test func aGoodPackageIsSeenAsItIs() throws {
        #expect(
            try Self.sight()
                == PackageSight(
                    arn: Self.arn,
                    group: "demand-de",
                    version: 3,
                    status: .approved,
                    image: "image:1",
                    artifact: "s3://registry/de.tar.gz",
                    problem: nil,
                    modifiedAt: Moment(milliseconds: 1_700_000_000_250),
                    lookedAt: Self.now
                )
        )
    }

    @Test(arguments: ["Pending", "InProgress", "Failed", "Deleting"])
    func onlyACompletedPackageIsServed(_ status: String) throws {
        #expect(
            try Self.sight { $0["ModelPackageStatus"] = status }.problem
                == "model package \(Self.arn) is \(status), and only a Completed one can be served. Register the "
                + "model again and approve the new version."
        )
    }

    @Test(arguments: [0, 2]) func onlyOneContainerIsServed(_ count: Int) throws {
        let container = ["Image": "image:1", "ModelDataUrl": "s3://registry/de.tar.gz"]
        let sight = try Self.sight {
            $0["InferenceSpecification"] = ["Containers": Array(repeating: container, count: count)]
        }
        #expect(
            sight.problem
                == "model package \(Self.arn) has \(count) containers, and a target model has exactly one. Register "
                + "a version with one container."
        )
        #expect(sight.image == nil)
        #expect(sight.artifact == nil)
    }

    @Test func aPackageWithoutInferenceSpecificationHasNoContainer() throws {
        let sight = try Self.sight { $0["InferenceSpecification"] = nil }
        #expect(sight.problem?.contains("has 0 containers") == true)
    }

    @Test func aModelDataSourceIsNotServed() throws {
        let sight = try Self.sight {
            $0["InferenceSpecification"] = [
                "Containers": [
                    ["Image": "image:1", "ModelDataSource": ["S3DataSource": ["S3Uri": "s3://b/k/"]]]
                ]
            ]
        }
        #expect(
            sight.problem
                == "model package \(Self.arn) names its artifact by ModelDataSource, which a multi-model endpoint "
                + "cannot load. Register a version whose ModelDataUrl is a .tar.gz."
        )
    }

    @Test(arguments: ["https://registry.s3.amazonaws.com/de.tar.gz", "s3://registry/", "s3://registry"])
    func anArtifactIsAnObject(_ url: String) throws {
        let sight = try Self.sight {
            $0["InferenceSpecification"] = ["Containers": [["Image": "image:1", "ModelDataUrl": url]]]
        }
        #expect(
            sight.problem
                == "model package \(Self.arn) has the artifact \(url), which is no s3://bucket/key. Register a "
                + "version whose ModelDataUrl is one."
        )
    }

    @Test(
        arguments: [
            ("Approved", ApprovalStatus.approved), ("Rejected", .rejected),
            ("PendingManualApproval", .pending),
            ("SomethingNew", .pending), (nil, .pending),
        ] as [(String?, ApprovalStatus)]
    )
    func whatIsNotApprovedIsNotTakenForIt(_ status: String?, _ expected: ApprovalStatus) throws {
        #expect(try Self.sight { $0["ModelApprovalStatus"] = status }.status == expected)
    }

    @Test func aPackageNobodyChangedIsAsOldAsItIs() throws {
        let sight = try Self.sight { $0["LastModifiedTime"] = nil }
        #expect(sight.modifiedAt == Moment(milliseconds: 1_600_000_000_000))
    }

    @Test func theVersionStandsInTheARNToo() throws {
        #expect(try Self.sight { $0["ModelPackageVersion"] = nil }.version == 3)
    }

    /// A forged event may name one group's package as another's. Which group feeds a target is the
    /// registry's to say, or anybody could have any model of the registry served.
    @Test(arguments: ["another", nil]) func theGroupIsTheRegistrysToSay(_ group: String?) throws {
        let sight = try Self.sight { $0["ModelPackageGroupName"] = group }
        #expect(sight.group == group ?? "")
    }

    private static func sight(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> PackageSight {
        var reply: [String: Any] = [
            "ModelPackageArn": arn, "ModelPackageGroupName": "demand-de", "ModelPackageVersion": 3,
            "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Approved",
            "CreationTime": 1_600_000_000, "LastModifiedTime": 1_700_000_000.25,
            "InferenceSpecification": [
                "Containers": [["Image": "image:1", "ModelDataUrl": "s3://registry/de.tar.gz"]]
            ],
        ]
        change(&reply)
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        let data = try JSONSerialization.data(withJSONObject: reply)
        let package = try decoder.decode(ModelPackage.self, from: data)
        return RegistryReader.sight(of: package, group: "demand-de", now: now)
    }
}
