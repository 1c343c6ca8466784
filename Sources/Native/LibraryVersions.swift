import CCrypto
import CCurl
import CJSON
import CPostgres

/// The versions of the C libraries in use, as they say themselves at run time.
public struct LibraryVersions: Sendable {
    /// libcurl's version, such as `7.88.1`.
    public let curl: String
    /// libcrypto's version, such as `3.0.22`.
    public let openSSL: String
    /// json-c's version, such as `0.16`.
    public let jsonC: String
    /// libpq's version, such as `15.20`.
    public let postgres: String

    /// The versions of the libraries this process has loaded.
    public static var current: LibraryVersions {
        // PQlibVersion is major * 10000 + minor since version 10.
        let libpq = PQlibVersion()
        return LibraryVersions(
            curl: text(sluice_curl_version()),
            openSSL: text(OpenSSL_version(OPENSSL_VERSION_STRING)),
            jsonC: text(json_c_version()),
            postgres: "\(libpq / 10_000).\(libpq % 10_000)"
        )
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        pointer.map { String(cString: $0) } ?? "unknown"
    }
}
