import Foundation
import Native
import Promotion
import Synchronization
import TestTools
import Testing

@testable import AWS
@testable import Worker

/// Copies in parts against a server that answers as it is told, one part at a time.
@Suite struct MultipartCopyTests {
    private static let none = xml("<ListMultipartUploadsResult/>")
    private static let created = xml("<R><UploadId>new</UploadId></R>")
    private static let completed = xml(
        "<R><ETag>e</ETag><ChecksumType>COMPOSITE</ChecksumType><ChecksumSHA256>\(sum(["a", "b", "c"]))-3"
            + "</ChecksumSHA256></R>"
    )

    private static func xml(_ body: String) -> TestReply { TestReply(200, body) }

    private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    private static func digest(_ bytes: [UInt8]) -> [UInt8] { (try? Digest.sha256(bytes)) ?? [] }

    /// The SHA-256 of the SHA-256s of parts with these contents.
    private static func sum(_ parts: [String]) -> String {
        base64(digest(parts.flatMap { digest(Array($0.utf8)) }))
    }

    private static func part(_ content: String) -> TestReply {
        xml(
            "<R><ETag>\(content)</ETag><ChecksumSHA256>\(base64(digest(Array(content.utf8))))</ChecksumSHA256></R>"
        )
    }

    /// 25 bytes in three parts of ten.
    private func copy(_ server: TestServer, resuming: Bool = false, pinned: [String]? = nil) async throws
        -> ObjectCopy
    {
        let client = AWSClient(
            http: HTTPClient(),
            credentials: StaticCredentials(Credentials(accessKeyID: "AKID", secretAccessKey: "sesame")),
            region: "eu-west-1",
            environment: AWSEnvironment(["AWS_ENDPOINT_URL": server.url, "AWS_MAX_ATTEMPTS": "1"])
        )
        return try await MultipartCopy(
            s3: S3(client),
            source: ObjectLocation(bucket: "src", key: "k"),
            sourceETag: "\"e\"",
            sourceOwner: "1",
            bucket: "dst",
            key: "m/k",
            owner: "2",
            kmsKey: nil,
            size: 25,
            partSize: 10,
            pinned: pinned.map { Digest.hex(Array(Data(base64Encoded: Self.sum($0)) ?? Data())) },
            atOnce: 1
        ) { done, all in self.told.add((done, all)) }
        .copy(resuming: resuming)
    }

    private let told = Told()

    private final class Told: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: (Int, Int)) { lines.withLock { $0.append("\(line.0) of \(line.1)") } }
    }

    /// Each request's method and query, and the range where it has one.
    private func asked(_ server: TestServer) async throws -> [String] {
        try await server.requests().map { request in
            let query = request.target.split(separator: "?").last ?? ""
            let range = request.header("x-amz-copy-source-range").first.map { " \($0)" }
            return "\(request.method) \(query)\(range ?? "")"
        }
    }

    @Test func copiesEveryByteOnce() async throws {
        let server = try TestServer()
        try await server.reply(
            Self.none,
            Self.created,
            Self.part("a"),
            Self.part("b"),
            Self.part("c"),
            Self.completed
        )
        let copy = try await copy(server, pinned: ["a", "b", "c"])
        #expect(copy.partsSHA256 != nil)
        #expect(
            try await asked(server) == [
                "GET uploads=&prefix=m%2Fk", "POST uploads=", "PUT uploadId=new&partNumber=1 bytes=0-9",
                "PUT uploadId=new&partNumber=2 bytes=10-19", "PUT uploadId=new&partNumber=3 bytes=20-24",
                "POST uploadId=new",
            ]
        )
        #expect(told.all == ["1 of 3", "2 of 3", "3 of 3"])
    }

    private static let found = xml(
        "<R><Upload><Key>m/k</Key><UploadId>old</UploadId></Upload><Upload><Key>m/k</Key><UploadId>last</UploadId>"
            + "</Upload><Upload><Key>m/k2</Key><UploadId>other</UploadId></Upload></R>"
    )

    /// Only whole parts with a checksum count, and only the last of several uploads is gone on with.
    @Test func goesOnWithWhatIsWhole() async throws {
        let server = try TestServer()
        let sum = Self.base64(Self.digest([]))
        let parts = [
            (1, 9, sum), (2, 10, Self.base64(Self.digest(Array("b".utf8)))), (3, 5, ""), (4, 10, sum),
        ]
        let list = parts.map { number, size, sum in
            "<Part><PartNumber>\(number)</PartNumber><ETag>b</ETag><Size>\(size)</Size>"
                + (sum.isEmpty ? "" : "<ChecksumSHA256>\(sum)</ChecksumSHA256>") + "</Part>"
        }
        try await server.reply(
            Self.found,
            TestReply(204),
            Self.xml("<R>\(list.joined())</R>"),
            Self.part("a"),
            Self.part("c"),
            Self.completed
        )
        _ = try await copy(server, resuming: true, pinned: ["a", "b", "c"])
        #expect(
            try await asked(server) == [
                "GET uploads=&prefix=m%2Fk", "DELETE uploadId=old", "GET uploadId=last",
                "PUT uploadId=last&partNumber=1 bytes=0-9", "PUT uploadId=last&partNumber=3 bytes=20-24",
                "POST uploadId=last",
            ]
        )
        let completion = try #require(try await server.requests().last).text
        #expect(completion.matches(of: /<PartNumber>(\d)/).map(\.1) == ["1", "2", "3"])
        #expect(told.all == ["2 of 3", "3 of 3"])
    }

    /// Nobody knows what the parts of another attempt were copied from.
    @Test func goesOnWithNothingOfAnotherAttempt() async throws {
        let server = try TestServer()
        try await server.reply(
            Self.found,
            TestReply(204),
            TestReply(204),
            Self.created,
            Self.part("a"),
            Self.part("b"),
            Self.part("c"),
            Self.completed
        )
        _ = try await copy(server)
        #expect(
            try await asked(server).prefix(4) == [
                "GET uploads=&prefix=m%2Fk", "DELETE uploadId=old", "DELETE uploadId=last", "POST uploads=",
            ]
        )
    }

    /// Other bytes than those that were tested never become an object.
    @Test func otherPartsThanThosePinnedAreGivenUp() async throws {
        let server = try TestServer()
        try await server.reply(
            Self.none,
            Self.created,
            Self.part("a"),
            Self.part("x"),
            Self.part("c"),
            TestReply(204)
        )
        await #expect(throws: MultipartCopy.Difference.self) {
            try await copy(server, pinned: ["a", "b", "c"])
        }
        #expect(try await asked(server).last == "DELETE uploadId=new")
        #expect(try await server.requests().count == 6)
    }

    @Test(
        arguments: [
            (412, "PreconditionFailed", true), (404, "NoSuchKey", true), (400, "InvalidRequest", true),
            (503, "SlowDown", false), (500, "InternalError", false), (403, "AccessDenied", false),
        ]
    )
    func anUploadNobodyCanGoOnWithIsGivenUp(_ status: Int, _ code: String, _ ends: Bool) async throws {
        let server = try TestServer()
        try await server.reply(
            Self.none,
            Self.created,
            Self.part("a"),
            TestReply(status, "<Error><Code>\(code)</Code></Error>"),
            TestReply(204)
        )
        let error = await #expect(throws: AWSError.self) { try await copy(server) }
        #expect(error?.code == code)
        let asked = try await asked(server)
        #expect(asked.last == (ends ? "DELETE uploadId=new" : "PUT uploadId=new&partNumber=2 bytes=10-19"))
        #expect(!asked.contains { $0.contains("partNumber=3") }, "nothing is begun after a failure")
    }

    /// Another worker replaced a part: the parts are listed again the next time. A conflict wants all anew.
    @Test(arguments: [(400, "InvalidPart", false), (409, "ConditionalRequestConflict", true)])
    func aRefusedCompletionIsTriedAgain(_ status: Int, _ code: String, _ ends: Bool) async throws {
        let server = try TestServer()
        try await server.reply(
            Self.none,
            Self.created,
            Self.part("a"),
            Self.part("b"),
            Self.part("c"),
            TestReply(status, "<Error><Code>\(code)</Code></Error>"),
            TestReply(204)
        )
        let error = await #expect(throws: (any Error).self) { try await copy(server) }
        #expect(Failure(try #require(error)).kind == .transient)
        #expect(try await asked(server).last == (ends ? "DELETE uploadId=new" : "POST uploadId=new"))
    }

    @Test(
        arguments: [
            (1, nil), (256 << 20, nil), ((256 << 20) + 1, 256 << 20), (2_560_000 << 20, 256 << 20),
            ((2_560_000 << 20) + 1, (256 << 20) + 1), (50 << 40, 5_497_558_139),
        ] as [(Int64, Int64?)]
    )
    func partsAreLargerOnlyWhereThereWouldBeTooMany(_ size: Int64, _ partSize: Int64?) {
        #expect(CopyLimits().partSize(of: size) == partSize)
    }
}
