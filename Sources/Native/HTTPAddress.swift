import CCurl

/// The parts of an absolute URL as libcurl itself reads them, so that what is signed is what is sent.
///
/// See [curl_url_get](https://curl.se/libcurl/c/curl_url_get.html).
public struct HTTPAddress: Sendable, Equatable {
    /// `http` or `https`.
    public let scheme: String
    /// The host name or address; an IPv6 address is in brackets.
    public let host: String
    /// The port, where the URL names one.
    public let port: Int?
    /// The path as written, `/` where there is none.
    public let path: String
    /// The query as written, without its question mark.
    public let query: String?

    /// Reads `url`; nil where it is not an absolute `http` or `https` URL with a host and without credentials.
    public init?(_ url: String) {
        guard let handle = curl_url() else { return nil }
        defer { curl_url_cleanup(handle) }
        let flags = UInt32(CURLU_PATH_AS_IS)
        guard curl_url_set(handle, CURLUPART_URL, url, flags) == CURLUE_OK,
            let scheme = Self.part(CURLUPART_SCHEME, of: handle), scheme == "http" || scheme == "https",
            let host = Self.part(CURLUPART_HOST, of: handle), !host.isEmpty,
            Self.part(CURLUPART_USER, of: handle) == nil
        else { return nil }
        self.scheme = scheme
        self.host = host
        port = Self.part(CURLUPART_PORT, of: handle).flatMap { Int($0) }
        path = Self.part(CURLUPART_PATH, of: handle) ?? "/"
        query = Self.part(CURLUPART_QUERY, of: handle)
    }

    /// The value of the `Host` header: the port is there only when it is not the scheme's own.
    public var authority: String {
        guard let port, port != (scheme == "https" ? 443 : 80) else { return host }
        return "\(host):\(port)"
    }

    private static func part(_ part: CURLUPart, of handle: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
