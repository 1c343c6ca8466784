import Foundation
import Native
import Testing

@testable import AWS

/// Requests that botocore built and signed with dummy keys at a fixed time.
@Suite struct SigV4VectorTests {
    struct Vectors: Decodable {
        struct Case: Decodable, Sendable, CustomTestStringConvertible {
            let name: String
            let service: String
            let method: String
            let url: String
            let headers: [String: String]
            let body: String?

            var testDescription: String { name }
        }
        let cases: [Case]
    }

    static let vectors: Vectors = {
        guard let url = Bundle.module.url(forResource: "sigv4-vectors", withExtension: "json"),
            let data = try? Data(contentsOf: url),
            let vectors = try? JSONDecoder().decode(Vectors.self, from: data)
        else { fatalError("the vectors are missing from the bundle") }
        return vectors
    }()

    @Test func thereAreTwentySix() {
        #expect(Self.vectors.cases.count == 26)
    }

    @Test(arguments: vectors.cases)
    func signsAsBotocoreDoes(_ vector: Vectors.Case) throws {
        guard let expected = vector.headers["Authorization"] else {
            // AssumeRoleWithWebIdentity is sent without a signature; the token in its body is the proof.
            #expect(vector.name == "sts-webid")
            #expect(vector.headers["X-Amz-Date"] == nil)
            return
        }
        let token = vector.headers["X-Amz-Security-Token"]
        // What the signer adds itself, and what botocore adds after signing.
        let added: Set = [
            "Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-SHA256", "Content-Length",
        ]
        let signed = try Signing.sign(
            SigningCase(
                method: vector.method,
                url: vector.url,
                headers: vector.headers.filter { !added.contains($0.key) }.map { [$0.key, $0.value] },
                body: Array((vector.body ?? "").utf8),
                payload: vector.headers["X-Amz-Content-SHA256"],
                accessKey: "AKIDEXAMPLE",
                secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                token: token,
                time: "20260102T030405Z",
                region: vector.url.contains("us-east-1") ? "us-east-1" : "eu-west-1",
                service: expected.split(separator: "/")[3].description
            )
        )
        #expect(signed["Authorization"] == expected)
        #expect(signed["X-Amz-Security-Token"] == token)
        #expect(signed["X-Amz-Content-SHA256"] == vector.headers["X-Amz-Content-SHA256"])
    }
}

/// One request to sign, as the vectors and the generated cases write it.
struct SigningCase: Decodable {
    let method: String
    let url: String
    let headers: [[String]]
    let body: [UInt8]
    /// A payload hash that is no hash of the body, as in streaming uploads.
    let payload: String?
    let accessKey: String
    let secretKey: String
    let token: String?
    let time: String
    let region: String
    let service: String
}

enum Signing {
    static let keys = SigningKeys()

    static func sign(_ request: SigningCase) throws -> [String: String] {
        let address = try #require(HTTPAddress(request.url))
        let date = try Date(request.time, strategy: .iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        let signer = SigV4(service: request.service, region: request.region, keys: keys)
        let headers = try signer.sign(
            method: request.method,
            authority: address.authority,
            path: address.path,
            query: address.query ?? "",
            headers: request.headers.map { HTTPHeader($0[0], $0[1]) },
            body: request.body,
            credentials: Credentials(
                accessKeyID: request.accessKey,
                secretAccessKey: request.secretKey,
                sessionToken: request.token
            ),
            at: date,
            payload: request.payload
        )
        return Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
    }
}
