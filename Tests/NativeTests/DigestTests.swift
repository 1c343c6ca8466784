import Native
import Testing

@Suite struct DigestTests {
    /// The examples of FIPS 180-4, RFC 1321 and RFC 4231.
    @Test func knownAnswers() throws {
        #expect(
            try Digest.hex(Digest.sha256("abc"))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(
            try Digest.hex(Digest.sha256([]))
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )
        #expect(try Digest.hex(Digest.md5("message digest")) == "f96b697d7cb7938d525a2f31aaf161d0")
        #expect(
            try Digest.hex(
                Digest.hmacSHA256(key: Array("Jefe".utf8), message: "what do ya want for nothing?")
            )
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
    }

    @Test func anEmptyKeyIsAKey() throws {
        #expect(
            try Digest.hex(Digest.hmacSHA256(key: [], message: ""))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        )
    }

    @Test func versionsAreSaid() {
        let versions = LibraryVersions.current
        for version in [versions.curl, versions.openSSL, versions.jsonC, versions.postgres] {
            #expect(version.contains(/^[0-9]+\.[0-9]+/))
        }
    }
}
