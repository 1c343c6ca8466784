import Foundation
import TestTools
import Testing

@testable import AWS

/// Whatever stands in a profile file, or is handed out as credentials: keys or an error, and no secret in it.
@Suite struct CredentialFuzzTests {
    @Test(.timeLimit(.minutes(60))) func noProfileFileBringsItsReaderDown() {
        let good = """
            [default]
            aws_access_key_id = AKIDEXAMPLE
            aws_secret_access_key = sesame # not a comment
            region=eu-west-1
            [profile other]
            credential_process = /bin/echo "a b"
            role_arn = arn:aws:iam::222222222222:role/deploy
            source_profile = default
            duration_seconds = 900
            web_identity_token_file = /token
            s3 =
              addressing_style = path
            """
        var fuzz = Fuzz("profiles", usual: 2000, seed: 3)
        while let bytes = fuzz.next(from: [Array(good.utf8)]) {
            let file = ProfileFile(String(decoding: bytes, as: UTF8.self))
            let profile = Profile(
                name: "default",
                credentials: file["default"] ?? [:],
                config: file["profile other"] ?? [:]
            )
            do {
                _ = try ProfileRole(profile)
                _ = try WebIdentity(nil, profile)
                _ = try profile.staticKeys
            } catch {
                #expect(!"\(error)".contains("sesame"))
            }
        }
        #expect(fuzz.trouble == nil)
    }

    @Test(.timeLimit(.minutes(60))) func noHandedOutCredentialsBringTheirReaderDown() {
        let good = """
            {"Version":1,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"sesame","SessionToken":"sesame",
             "Expiration":"2030-01-02T03:04:05.678Z"}
            """
        var fuzz = Fuzz("credentials", usual: 2000, seed: 4)
        while let bytes = fuzz.next(from: [Array(good.utf8)]) {
            do {
                let document = try JSONDecoder().decode(CredentialDocument.self, from: Data(bytes))
                let credentials = try document.credentials(source: "a test")
                #expect(!"\(credentials)".contains("sesame"))
            } catch let error as CredentialsError {
                #expect(!"\(error)".contains("sesame"))
            } catch {
                #expect(error is DecodingError)
            }
        }
        #expect(fuzz.trouble == nil)
    }
}
