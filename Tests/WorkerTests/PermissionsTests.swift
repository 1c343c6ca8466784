import AWS
import Foundation
import Testing

@testable import Worker

/// The policies that are written from the list of calls: everything a rollout needs, and nothing else.
@Suite struct PermissionsTests {
    @Test func everyOperationIsGrantedToSomeRole() throws {
        let granted = try Self.granted(Self.everything())
        for operation in AWSOperation.allCases {
            for need in operation.needs {
                #expect(granted.contains(need.action), "\(operation.name) needs \(need.action)")
            }
        }
    }

    @Test func noActionIsGrantedThatNoOperationNeeds() throws {
        let rollouts = AWSOperation.allCases.filter { !$0.isDoctors && !$0.isTeardowns }
        let needed = Set(rollouts.flatMap(\.needs).map(\.action))
        let looked = Set(AWSOperation.allCases.flatMap(\.needs).map(\.action))
        for folder in [try Self.everything(), try AccountsFixture().load()] {
            #expect(Self.granted(folder, byOptional: false).subtracting(needed) == [])
            #expect(Self.granted(folder).subtracting(looked) == [])
        }
    }

    /// What `sluice doctor` alone asks is nothing a rollout needs, and changes nothing.
    @Test func doctorLooksAndNoMore() throws {
        let actions = AWSOperation.allCases.filter { $0.isDoctors || $0.isTeardowns }.flatMap(\.needs).map(
            \.action
        )
        let reading = /[a-z0-9]+:(Get|List|Describe|BatchGet|Simulate)\w+/
        #expect(actions.allSatisfy { $0.wholeMatch(of: reading) != nil })
    }

    @Test func whatAFolderDoesNotUseIsNotGranted() throws {
        let granted = try Self.granted(AccountsFixture().load())
        for action in [
            "cloudwatch:DescribeAlarms", "events:PutEvents", "kms:Decrypt", "kms:GenerateDataKey",
            "kms:CreateGrant", "kms:DescribeKey",
        ] {
            #expect(!granted.contains(action))
        }
        var silent = AccountsFixture()
        let smoke = try #require(silent["endpoint.yaml"]?.firstRange(of: /smoke:[\s\S]*?stages:/))
        let text = try #require(silent["endpoint.yaml"])
        silent["endpoint.yaml"] = text.replacingCharacters(in: smoke, with: "smoke: none\nstages:")
        #expect(!Self.granted(try silent.load()).contains("sagemaker:InvokeEndpoint"))
    }

    /// Everything is allowed only where AWS knows nothing narrower.
    @Test func onlyTheseAreAllowedOnEverything() throws {
        let wide = Self.own(try Self.everything()).flatMap(\.statements).filter { $0.resources.contains("*") }
        #expect(Set(wide.map(\.sid)) == ["Units", "Groups", "ListEndpoints", "Alarms"])
        #expect(
            Set(wide.flatMap(\.actions)) == [
                "sagemaker:ListModelPackages", "sagemaker:ListEndpoints", "cloudwatch:DescribeAlarms",
                "organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent",
            ]
        )
    }

    @Test func eachRoleIsTrustedAsTheFolderSays() throws {
        let permissions = Permissions(try Self.everything())
        let staging = try #require(permissions.role("arn:aws:iam::222222222222:role/sluice-deploy"))
        #expect(staging.who == "staging")
        let trust = try #require(staging.trust?.first)
        #expect(trust.condition == ["StringEquals": ["sts:ExternalId": ["acme"]]])
        #expect(trust.principal == .roles(["arn:aws:iam::111111111111:role/sluice-worker"]))
        let registry = try #require(permissions.role("arn:aws:iam::111111111111:role/reader"))
        #expect(registry.trust?.first?.condition == [:])
        #expect(
            Set(registry.statements.flatMap(\.actions)) == [
                "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages",
            ]
        )
    }

    /// Without a role the worker's own credentials are in the account, and need what it needs.
    @Test func theWorkerNeedsWhatNoRoleIsAssumedFor() throws {
        let permissions = Permissions(
            try AccountsFixture().load(),
            workers: ["arn:aws:iam::111111111111:role/w"]
        )
        let worker = try #require(permissions.roles.first)
        #expect(worker.arn == "arn:aws:iam::111111111111:role/w")
        let actions = Set(worker.statements.flatMap(\.actions))
        #expect(
            actions.isSuperset(of: ["sqs:ReceiveMessage", "sagemaker:ListModelPackages", "s3:PutObject"])
        )
        let resources = worker.statements.flatMap(\.resources)
        #expect(resources.contains("arn:aws:s3:::acme-prod/models/*"))
        #expect(!resources.contains("arn:aws:s3:::acme-staging/models/*"))
    }

    @Test func aSharedRoleHasEachStatementOnce() throws {
        var fixture = AccountsFixture()
        fixture["staging-us.yaml"] = """
            kind: account
            name: staging-us
            account: "222222222222"
            stage: staging
            region: us-east-1
            role: arn:aws:iam::222222222222:role/sluice-deploy
            executionRole: arn:aws:iam::222222222222:role/sagemaker
            models: s3://acme-staging-us/models/

            """
        let permissions = Permissions(try fixture.load())
        for role in permissions.roles {
            let names = role.statements.map(\.sid)
            #expect(Set(names).count == names.count)
            #expect(names.allSatisfy { $0.wholeMatch(of: /[A-Za-z0-9]+/) != nil })
        }
        let shared = try #require(permissions.role("arn:aws:iam::222222222222:role/sluice-deploy"))
        #expect(shared.who == "staging, staging-us")
        #expect(shared.statements.map(\.sid).contains("ModelObjectsStagingUs"))
    }

    /// Each worker may do its own, and hand over; who is handed over to lets it, and reads the registry itself.
    @Test func anAccountsOwnWorkerHasARoleOfItsOwn() throws {
        var fixture = AccountsFixture()
        try fixture.replace(
            "executionRole",
            with: """
                queue: https://sqs.eu-west-1.amazonaws.com/333333333333/sluice
                upstream: ["AROAEXAMPLEID:*"]
                role: arn:aws:iam::333333333333:role/sluice-deploy
                executionRole
                """,
            in: "prod.yaml"
        )
        let permissions = Permissions(try fixture.load(), workers: ["arn:aws:iam::333333333333:role/theirs"])
        #expect(permissions.roles.prefix(2).map(\.who) == ["worker", "worker of prod"])
        let (central, prod) = (permissions.roles[0], permissions.roles[1])
        #expect(prod.arn == "arn:aws:iam::333333333333:role/theirs")
        func resources(_ role: RolePermissions, _ sid: String) -> [String]? {
            role.statements.first { $0.sid == sid }?.resources
        }
        let theirQueue = "arn:aws:sqs:eu-west-1:333333333333:sluice"
        #expect(resources(central, "Queue") == ["arn:aws:sqs:eu-west-1:111111111111:sluice"])
        #expect(resources(central, "HandOver") == [theirQueue])
        #expect(resources(central, "AssumeRoles") == ["arn:aws:iam::222222222222:role/sluice-deploy"])
        #expect(resources(prod, "Queue") == [theirQueue])
        #expect(resources(prod, "HandOver") == nil)
        #expect(resources(prod, "AssumeRoles") == nil, "the trust of a role of its own account is enough")
        #expect(resources(prod, "Packages") == resources(central, "Packages"))
        let role = try #require(permissions.role("arn:aws:iam::333333333333:role/sluice-deploy"))
        #expect(role.trust?.first?.principal == .roles(["arn:aws:iam::333333333333:role/theirs"]))
        let queue = try #require(permissions.resources.first { $0.what == "queue sluice of prod" })
        #expect(queue.statements.last?.principal == .roles(["arn:aws:iam::111111111111:role/sluice-worker"]))
        let group = try #require(permissions.resources.first { $0.what == "model package group demand-de" })
        #expect(group.statements[0].principal == .accounts(["333333333333"]))
        #expect(resources(permissions.roles.last { $0.who == "people" } ?? central, "Decide")?.count == 2)
    }

    @Test func alarmsAreReadWhereAReleaseSoaksAndWhereItEnters() throws {
        var fixture = AccountsFixture()
        try fixture.replace("expires: 7d", with: "expires: 7d\n      alarms: [errors]", in: "endpoint.yaml")
        let folder = try fixture.load()
        let deployments = folder.deployments(artifacts: ArtifactSources(owners: [], prefixes: []))
        #expect(deployments.map(\.gateAlarms) == [["errors"], ["errors"]])
    }

    @Test func artifactsAreBoundedByTheirOwnersOrTheirPlaces() throws {
        let folder = try AccountsFixture().load()
        let wide = try #require(Self.statement("Artifacts", Permissions(folder)))
        #expect(wide.resources == ["arn:aws:s3:::*/*"])
        #expect(wide.condition == ["StringEquals": ["aws:ResourceAccount": ["111111111111"]]])
        let place = try #require(S3Prefix("s3://acme-artifacts/out"))
        let narrow = Permissions(folder, artifacts: [place])
        #expect(Self.statement("Artifacts", narrow)?.resources == ["arn:aws:s3:::acme-artifacts/out/*"])
        #expect(Self.statement("ArtifactBuckets", narrow)?.resources == ["arn:aws:s3:::acme-artifacts"])
        let bucket = try #require(narrow.resources.first { $0.what.hasPrefix("artifact bucket") })
        #expect(
            bucket.statements[0].principal
                == .roles([
                    "arn:aws:iam::111111111111:role/sluice-worker",
                    "arn:aws:iam::222222222222:role/sluice-deploy",
                ])
        )
    }

    @Test(arguments: [
        "s3://", "s3://b", "https://bucket/x", "s3://bucket//x", "bucket/x", "s3://bucket/../x",
    ])
    func whatIsNoPlaceIsNone(_ text: String) {
        #expect(S3Prefix(text) == nil)
    }

    @Test func aPolicyIsWrittenAsIAMReadsIt() throws {
        let statement = Statement(
            "Queue",
            ["sqs:SendMessage"],
            on: ["arn:q"],
            condition: ["ArnLike": ["aws:SourceArn": ["arn:r"]]],
            principal: .service("events.amazonaws.com"),
            because: "It is so."
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(
            String(decoding: try encoder.encode(PolicyDocument([statement])), as: UTF8.self)
                == #"{"Statement":[{"Action":["sqs:SendMessage"],"Condition":{"ArnLike":{"aws:SourceArn":["arn:r"]}},"#
                + #""Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Resource":["arn:q"],"#
                + #""Sid":"Queue"}],"Version":"2012-10-17"}"#
        )
    }

    /// A folder that uses all there is to be permitted.
    private static func everything() throws -> AccountsFolder {
        var fixture = AccountsFixture()
        try fixture.replace(
            "queue:",
            with: "role: arn:aws:iam::111111111111:role/reader\nevents: default\nqueue:",
            in: "registry.yaml"
        )
        try fixture.replace(
            "executionRole",
            with: "externalId: acme\nkmsKey: arn:aws:kms:eu-west-1:222222222222:key/k\nexecutionRole",
            in: "staging.yaml"
        )
        try fixture.replace(
            "count: 1}",
            with: "count: 1, volumeKmsKey: \"arn:aws:kms:eu-west-1:222222222222:key/v\"}\nadopt: true",
            in: "endpoint.yaml"
        )
        try fixture.replace(
            "smoke:\n",
            with:
                "smoke:\n  - golden: {data: s3://acme-golden/d.csv, label: sold, mae: 2}\n    target: de.tar.gz\n",
            in: "endpoint.yaml"
        )
        try fixture.replace("expires: 7d", with: "expires: 7d\n      alarms: [errors]", in: "endpoint.yaml")
        try fixture.replace(
            "approvers: [AIDAEXAMPLEID]",
            with: "approvers: [\"AROAEXAMPLEID:*\"]",
            in: "endpoint.yaml"
        )
        fixture["unit.yaml"] = """
            kind: account
            name: live-{account}
            organizationalUnit: ou-ab12-34cd56ef
            stage: prod
            region: eu-west-1
            role: arn:aws:iam::{account}:role/sluice-deploy
            executionRole: arn:aws:iam::{account}:role/sagemaker
            models: s3://acme-{account}/models/

            """
        return try fixture.load()
    }

    /// The roles of ours: not SageMaker's, which calls nothing of this program's.
    private static func own(_ folder: AccountsFolder) -> [RolePermissions] {
        Permissions(folder).roles.filter { !$0.who.hasPrefix("execution role") }
    }

    private static func granted(_ folder: AccountsFolder, byOptional: Bool = true) -> Set<String> {
        Set(own(folder).flatMap { $0.statements + (byOptional ? $0.optional : []) }.flatMap(\.actions))
    }

    private static func statement(_ sid: String, _ permissions: Permissions) -> Statement? {
        permissions.role("arn:aws:iam::222222222222:role/sluice-deploy")?.statements.first { $0.sid == sid }
    }
}
