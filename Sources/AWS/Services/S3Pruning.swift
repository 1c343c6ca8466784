import Foundation
import Native

extension S3 {
    /// The keys below a prefix, in order, all of them.
    ///
    /// See [ListObjectsV2](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html).
    ///
    /// - Parameter expectedOwner: The account the bucket must belong to; another one's is `denied`.
    public func listObjects(
        bucket: String,
        prefix: String,
        expectedOwner: String? = nil
    ) async throws -> [String] {
        struct Output: Decodable {
            struct Object: Decodable {
                let key: String

                private enum CodingKeys: String, CodingKey { case key = "Key" }
            }

            let objects: [Object]?
            let nextToken: String?

            private enum CodingKeys: String, CodingKey {
                case objects = "Contents"
                case nextToken = "NextContinuationToken"
            }
        }
        var keys: [String] = []
        var token: String?
        repeat {
            var call = AWSCall(.listObjects, subject: "s3://\(bucket)/\(prefix)")
            call.method = "GET"
            call.bucket = bucket
            call.query = [("list-type", "2"), ("prefix", prefix)]
            if let token { call.query.append(("continuation-token", token)) }
            call.headers.add("x-amz-expected-bucket-owner", expectedOwner)
            let page = try await client.send(call) { try AWSXML.decode(Output.self, from: $0.body) }
            keys += (page.objects ?? []).map(\.key)
            token = page.nextToken
        } while token != nil
        return keys
    }

    /// Deletes objects; those that are not there count as deleted. Where the bucket keeps versions, the
    /// versions stay.
    ///
    /// Throws the first refusal where S3 refuses some of them; the others are deleted then.
    ///
    /// See [DeleteObjects](https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
    public func deleteObjects(
        bucket: String,
        keys: [String],
        expectedOwner: String? = nil
    ) async throws {
        for start in stride(from: 0, to: keys.count, by: Self.keysPerCall) {
            let part = keys[start..<min(start + Self.keysPerCall, keys.count)]
            try await delete(Array(part), bucket: bucket, expectedOwner: expectedOwner)
        }
    }

    private static let keysPerCall = 1000

    private func delete(_ keys: [String], bucket: String, expectedOwner: String?) async throws {
        struct Output: Decodable {
            struct Refusal: Decodable {
                let key: String?
                let code: String?
                let message: String?

                private enum CodingKeys: String, CodingKey {
                    case key = "Key"
                    case code = "Code"
                    case message = "Message"
                }
            }

            let refusals: [Refusal]?

            private enum CodingKeys: String, CodingKey { case refusals = "Error" }
        }
        var call = AWSCall(.deleteObjects, subject: "s3://\(bucket)/\(keys[0])")
        call.bucket = bucket
        call.query = [("delete", "")]
        let objects = keys.map { "<Object><Key>\(Self.escaped($0))</Key></Object>" }.joined()
        call.body = Array(
            "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(objects)</Delete>".utf8
        )
        call.headers = [
            HTTPHeader("Content-Type", "application/xml"),
            // S3 takes no deletion of many without a checksum of what is to be deleted.
            HTTPHeader(
                "x-amz-checksum-sha256",
                Data(try Digest.sha256(call.body)).base64EncodedString()
            ),
        ]
        call.headers.add("x-amz-expected-bucket-owner", expectedOwner)
        try await client.send(call) { response in
            guard
                let refusal = try AWSXML.decode(Output.self, from: response.body).refusals?.first
            else { return }
            throw HiddenError(
                reply: ErrorReply(
                    // S3 says 200 to all of them; what one came to is in its code.
                    status: 500,
                    code: refusal.code ?? "Error",
                    message: "\(refusal.key ?? ""): \(refusal.message ?? "")",
                    requestID: ErrorReply.requestID(response)
                )
            )
        }
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
