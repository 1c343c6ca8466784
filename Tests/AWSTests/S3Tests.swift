import Foundation
import TestTools
import Testing

@testable import AWS

@Suite struct S3Tests {
    private static let sum = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    private static let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    private static let copied = TestReply(
        200,
        "  \n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CopyObjectResult xmlns=\"http://s3.amazonaws.com/doc/\">"
            + "<LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;e1&quot;</ETag>"
            + "<ChecksumType>FULL_OBJECT</ChecksumType><ChecksumSHA256>\(sum)</ChecksumSHA256></CopyObjectResult>",
        headers: ["x-amz-version-id": "v2"]
    )

    @Test func readsAHead() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                headers: [
                    "Content-Length": "5000000000", "ETag": "\"e1\"", "x-amz-version-id": "v1",
                    "x-amz-checksum-sha256": Self.sum, "x-amz-checksum-type": "FULL_OBJECT",
                    "Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT",
                ]
            )
        )
        let head = try await S3(bench.client)
            .headObject(bucket: "b", key: "a b/é+%.gz", versionID: "v/1+", expectedOwner: "111111111111")
        #expect(
            head
                == ObjectHead(
                    size: 5_000_000_000,
                    etag: "\"e1\"",
                    versionID: "v1",
                    sha256: Self.hex,
                    partsSHA256: nil,
                    lastModified: Date(timeIntervalSince1970: 1_445_412_480)
                )
        )
        let request = try #require(try await bench.server.requests().first)
        #expect(request.method == "HEAD")
        #expect(request.target == "/b/a%20b/%C3%A9%2B%25.gz?versionId=v%2F1%2B")
        #expect(request.header("x-amz-checksum-mode") == ["ENABLED"])
        #expect(request.header("x-amz-expected-bucket-owner") == ["111111111111"])
    }

    @Test(arguments: [
        (403, AWSError.Kind.denied), (404, .notFound(.object)), (412, .preconditionFailed),
        (400, .expiredCredentials),
    ])
    func aHeadHasOnlyAStatus(_ status: Int, _ kind: AWSError.Kind) async throws {
        let bench = try Bench()
        // A bare 400 may mean an ended session, so it is asked once more with new credentials.
        for _ in 1...2 {
            try await bench.server.reply(TestReply(status, headers: ["x-amz-request-id": "r1"]))
        }
        let error = await fails { _ = try await S3(bench.client).headObject(bucket: "b", key: "k") }
        #expect(error?.kind == kind)
        #expect(error?.requestID == "r1")
        #expect(error?.subject == "s3://b/k")
    }

    @Test func copies() async throws {
        let bench = try Bench()
        try await bench.server.reply(Self.copied)
        let copy = try await S3(bench.client)
            .copyObject(
                source: ObjectLocation(bucket: "src", key: "out/job (1)/é+ /m.tar.gz", versionID: "3/L4+r"),
                sourceETag: "\"abc\"",
                sourceOwner: "111111111111",
                destination: (bucket: "dst.models", key: "models//x.tar.gz"),
                destinationOwner: "222222222222",
                kmsKeyARN: "arn:aws:kms:eu-west-1:222222222222:key/k",
                onlyIfAbsent: true
            )
        #expect(copy == ObjectCopy(etag: "\"e1\"", versionID: "v2", sha256: Self.hex, partsSHA256: nil))

        let request = try #require(try await bench.server.requests().first)
        #expect(request.method == "PUT")
        #expect(request.target == "/dst.models/models//x.tar.gz")
        #expect(request.header("Content-Length") == ["0"])
        let headers = [
            "x-amz-copy-source": "src/out/job%20%281%29/%C3%A9%2B%20/m.tar.gz?versionId=3/L4+r",
            "x-amz-copy-source-if-match": "\"abc\"", "x-amz-source-expected-bucket-owner": "111111111111",
            "x-amz-expected-bucket-owner": "222222222222", "If-None-Match": "*",
            "x-amz-checksum-algorithm": "SHA256", "x-amz-tagging-directive": "REPLACE",
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:222222222222:key/k",
        ]
        for (name, value) in headers { #expect(request.header(name) == [value]) }
        let signed = try #require(request.header("Authorization").first)
        for name in headers.keys { #expect(signed.contains(name.lowercased())) }
    }

    /// S3 says 200 before it has copied anything.
    @Test(arguments: [
        "<Error><Code>InternalError</Code><Message>We encountered an internal error</Message></Error>",
        "\n<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>",
        "<CopyObjectResult><ETag>", "", "   ", "<CopyObjectResult/>",
    ])
    func aFailureBehindASuccessIsRepeated(_ body: String) async throws {
        let bench = try Bench()
        try await bench.server.reply(TestReply(200, body), Self.copied)
        #expect(try await copy(bench).sha256 == Self.hex)
        #expect(try await bench.server.requests().count == 2)

        for _ in 0..<3 { try await bench.server.reply(TestReply(200, body)) }
        let error = await fails { _ = try await copy(bench) }
        #expect(error?.kind == (body.contains("SlowDown") ? .throttled : .transient))
    }

    @Test func aDenialBehindASuccessIsNot() async throws {
        let bench = try Bench()
        try await bench.server.reply(TestReply(200, "<Error><Code>AccessDenied</Code></Error>"))
        let error = await fails { _ = try await copy(bench) }
        #expect(error?.kind == .denied)
        #expect(try await bench.server.requests().count == 1)
    }

    @Test(arguments: [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict"), (404, "NoSuchKey")])
    func conditionsAreTold(_ status: Int, _ code: String) async throws {
        let bench = try Bench()
        try await bench.server.reply(TestReply(status, "<Error><Code>\(code)</Code></Error>"))
        let error = await fails { _ = try await copy(bench) }
        let kinds: [Int: AWSError.Kind] = [
            412: .preconditionFailed, 409: .conflict, 404: .notFound(.object),
        ]
        #expect(error?.kind == kinds[status])
    }

    @Test(
        arguments: [
            (sum, "FULL_OBJECT", hex), (sum, nil, hex), (sum, "COMPOSITE", nil), ("\(sum)-3", nil, nil),
            ("AAAA", nil, nil), ("?", nil, nil), (nil, nil, nil),
        ] as [(String?, String?, String?)]
    )
    func onlyAWholeObjectsChecksumCounts(_ base64: String?, _ type: String?, _ hex: String?) {
        #expect(S3.sha256(base64, type: type) == hex)
    }

    @Test func readsASmallObject() async throws {
        let bench = try Bench()
        try await bench.server.reply(TestReply(200, "1,2"), TestReply(200, "1,2,3"))
        let content = try await S3(bench.client).getObject(bucket: "b", key: "a b/row.csv", maximumBytes: 3)
        #expect(content == Array("1,2".utf8))
        let request = try #require(try await bench.server.requests().first)
        #expect(request.method == "GET")
        #expect(request.target == "/b/a%20b/row.csv")

        let error = await fails {
            _ = try await S3(bench.client).getObject(bucket: "b", key: "k", maximumBytes: 3)
        }
        #expect(error?.kind == .unreadable)
        #expect(error?.code == "ReplyTooLarge")
    }

    private func copy(_ bench: Bench) async throws -> ObjectCopy {
        try await S3(bench.client)
            .copyObject(
                source: ObjectLocation(bucket: "s", key: "k"),
                destination: (bucket: "d", key: "k"),
                onlyIfAbsent: false
            )
    }
}
