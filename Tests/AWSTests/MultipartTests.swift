import Native
import TestTools
import Testing

@testable import AWS

/// The calls that copy what is too large to be copied whole.
@Suite struct MultipartTests {
    private static let upload = MultipartUpload(bucket: "dst", key: "models/r/a b.tar.gz", id: "u/1+")
    private static let sum = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    private static let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    private static let part = UploadedPart(
        number: 2,
        etag: "\"e2\"",
        size: 100,
        sha256: try? Digest.sha256("abc")
    )

    private static func xml(_ body: String) -> TestReply {
        TestReply(200, "\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\(body)")
    }

    @Test func beginsWithAChecksumAndOnce() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            Self.xml(
                "<InitiateMultipartUploadResult><Bucket>dst</Bucket><Key>models/r/a b.tar.gz</Key>"
                    + "<UploadId>u/1+</UploadId></InitiateMultipartUploadResult>"
            ),
            TestReply(action: .close)
        )
        func begin() async throws -> MultipartUpload {
            try await S3(bench.client).createMultipartUpload(
                bucket: "dst",
                key: "models/r/a b.tar.gz",
                expectedOwner: "222222222222",
                kmsKeyARN: "arn:key"
            )
        }
        #expect(try await begin() == Self.upload)
        let error = await fails { _ = try await begin() }
        #expect(error?.kind == .unknownOutcome)
        let requests = try await bench.server.requests()
        #expect(requests.map(\.target) == Array(repeating: "/dst/models/r/a%20b.tar.gz?uploads=", count: 2))
        #expect(requests[0].method == "POST")
        let headers = [
            "x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-type": "COMPOSITE",
            "x-amz-expected-bucket-owner": "222222222222", "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": "arn:key",
        ]
        for (name, value) in headers { #expect(requests[0].header(name) == [value]) }
    }

    private func copyPart(_ bench: Bench) async throws -> UploadedPart {
        try await S3(bench.client).copyPart(
            2,
            of: Self.upload,
            bytes: 100...199,
            source: ObjectLocation(bucket: "src", key: "a b", versionID: "v1"),
            sourceETag: "\"abc\"",
            sourceOwner: "111111111111",
            owner: "222222222222"
        )
    }

    private static let copied = xml(
        "<CopyPartResult><ETag>&quot;e2&quot;</ETag><ChecksumSHA256>\(sum)</ChecksumSHA256></CopyPartResult>"
    )

    @Test func copiesAPartOnCondition() async throws {
        let bench = try Bench()
        try await bench.server.reply(Self.copied)
        #expect(try await copyPart(bench) == Self.part)
        let request = try #require(try await bench.server.requests().first)
        #expect(request.method == "PUT")
        #expect(request.target == "/dst/models/r/a%20b.tar.gz?uploadId=u%2F1%2B&partNumber=2")
        let headers = [
            "x-amz-copy-source": "src/a%20b?versionId=v1", "x-amz-copy-source-range": "bytes=100-199",
            "x-amz-copy-source-if-match": "\"abc\"", "x-amz-source-expected-bucket-owner": "111111111111",
            "x-amz-expected-bucket-owner": "222222222222",
        ]
        for (name, value) in headers { #expect(request.header(name) == [value]) }
    }

    /// S3 says 200 before it has copied anything.
    @Test func aFailedPartBehindASuccessIsRepeated() async throws {
        let bench = try Bench()
        try await bench.server.reply(Self.xml("<Error><Code>InternalError</Code></Error>"), Self.copied)
        #expect(try await copyPart(bench) == Self.part)
        try await bench.server.reply(Self.xml("<Error><Code>NoSuchUpload</Code></Error>"))
        let error = await fails { _ = try await copyPart(bench) }
        #expect(error?.kind == .notFound(.other))
    }

    @Test func listsThePartsOfEveryPage() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            Self.xml(
                "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker>"
                    + "<Part><PartNumber>2</PartNumber><ETag>&quot;e2&quot;</ETag><Size>100</Size>"
                    + "<ChecksumSHA256>\(Self.sum)</ChecksumSHA256></Part></ListPartsResult>"
            ),
            Self.xml(
                "<ListPartsResult><IsTruncated>false</IsTruncated><NextPartNumberMarker>3</NextPartNumberMarker>"
                    + "<Part><PartNumber>3</PartNumber><ETag>&quot;e3&quot;</ETag><Size>1</Size></Part></ListPartsResult>"
            ),
            Self.xml("<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>")
        )
        let s3 = S3(bench.client)
        let last = UploadedPart(number: 3, etag: "\"e3\"", size: 1, sha256: nil)
        #expect(try await s3.listParts(of: Self.upload, owner: "2") == [Self.part, last])
        #expect(try await s3.listParts(of: Self.upload).isEmpty)
        #expect(
            try await bench.server.requests().map(\.target) == [
                "/dst/models/r/a%20b.tar.gz?uploadId=u%2F1%2B",
                "/dst/models/r/a%20b.tar.gz?uploadId=u%2F1%2B&part-number-marker=2",
                "/dst/models/r/a%20b.tar.gz?uploadId=u%2F1%2B",
            ]
        )
    }

    @Test func listsTheUploadsOfEveryPage() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            Self.xml(
                "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>m/a</NextKeyMarker>"
                    + "<NextUploadIdMarker>1</NextUploadIdMarker><Upload><Key>m/a</Key><UploadId>1</UploadId></Upload>"
                    + "</ListMultipartUploadsResult>"
            ),
            Self.xml(
                "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
                    + "<Upload><Key>m/a</Key><UploadId>2</UploadId></Upload></ListMultipartUploadsResult>"
            )
        )
        let found = try await S3(bench.client)
            .listMultipartUploads(bucket: "b", prefix: "m/", expectedOwner: "2")
        #expect(found.map(\.id) == ["1", "2"])
        let requests = try await bench.server.requests()
        #expect(
            requests.map(\.target) == [
                "/b/?uploads=&prefix=m%2F", "/b/?uploads=&prefix=m%2F&key-marker=m%2Fa&upload-id-marker=1",
            ]
        )
        #expect(requests[0].header("x-amz-expected-bucket-owner") == ["2"])
    }

    @Test func completesOnlyWhatIsNotThereAndOfThatSize() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                " \n<CompleteMultipartUploadResult><ETag>&quot;e-2&quot;</ETag><ChecksumType>COMPOSITE</ChecksumType>"
                    + "<ChecksumSHA256>\(Self.sum)-2</ChecksumSHA256></CompleteMultipartUploadResult>",
                headers: ["x-amz-version-id": "v9"]
            )
        )
        let last = UploadedPart(number: 3, etag: "\"e3\"", size: 1, sha256: nil)
        let copy = try await S3(bench.client)
            .completeMultipartUpload(Self.upload, parts: [Self.part, last], owner: "222222222222")
        #expect(copy == ObjectCopy(etag: "\"e-2\"", versionID: "v9", sha256: nil, partsSHA256: Self.hex))
        let request = try #require(try await bench.server.requests().first)
        #expect(request.method == "POST")
        #expect(request.header("If-None-Match") == ["*"])
        #expect(request.header("x-amz-mp-object-size") == ["101"])
        #expect(request.header("x-amz-expected-bucket-owner") == ["222222222222"])
        #expect(
            request.text
                == "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + "<Part><PartNumber>2</PartNumber><ETag>\"e2\"</ETag><ChecksumSHA256>\(Self.sum)</ChecksumSHA256></Part>"
                + "<Part><PartNumber>3</PartNumber><ETag>\"e3\"</ETag></Part></CompleteMultipartUpload>"
        )
    }

    @Test(arguments: [
        (412, "PreconditionFailed"), (409, "ConditionalRequestConflict"), (200, "AccessDenied"),
    ])
    func aCompletionMayBeRefused(_ status: Int, _ code: String) async throws {
        let bench = try Bench()
        try await bench.server.reply(TestReply(status, "<Error><Code>\(code)</Code></Error>"))
        let error = await fails {
            _ = try await S3(bench.client).completeMultipartUpload(Self.upload, parts: [Self.part])
        }
        let kinds: [Int: AWSError.Kind] = [412: .preconditionFailed, 409: .conflict, 200: .denied]
        #expect(error?.kind == kinds[status])
    }

    @Test func whatIsGoneCountsAsGivenUp() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(204),
            TestReply(404, "<Error><Code>NoSuchUpload</Code></Error>"),
            TestReply(404, "<Error><Code>NoSuchBucket</Code></Error>")
        )
        let s3 = S3(bench.client)
        try await s3.abortMultipartUpload(Self.upload, owner: "2")
        try await s3.abortMultipartUpload(Self.upload)
        let error = await fails { try await s3.abortMultipartUpload(Self.upload) }
        #expect(error?.kind == .notFound(.bucket))
        let request = try #require(try await bench.server.requests().first)
        #expect(request.method == "DELETE")
        #expect(request.header("x-amz-expected-bucket-owner") == ["2"])
    }

    /// Computed with `sha256sum` over the binary SHA-256 of `abc`, written twice.
    @Test func aSumOfPartsIsThatOfTheirSums() throws {
        let last = UploadedPart(number: 3, etag: "", size: 3, sha256: Self.part.sha256)
        #expect(
            try S3.partsSHA256(of: [Self.part, last])
                == "3b771ca97e3c17698aff21227fa046b5622a30d8ee5d2de4ee1111a1cdf258ee"
        )
        let bare = UploadedPart(number: 3, etag: "", size: 3, sha256: nil)
        #expect(try S3.partsSHA256(of: [Self.part, bare]) == nil)
    }

    @Test(
        arguments: [
            ("\(sum)-3", "COMPOSITE", hex), ("\(sum)-3", nil, hex), (sum, "COMPOSITE", hex), (sum, nil, nil),
            (sum, "FULL_OBJECT", nil), ("AAAA-2", "COMPOSITE", nil), (nil, "COMPOSITE", nil),
        ] as [(String?, String?, String?)]
    )
    func onlyASumOfPartsCountsAsOne(_ text: String?, _ type: String?, _ hex: String?) {
        #expect(S3.partsSHA256(text, type: type) == hex)
    }
}
