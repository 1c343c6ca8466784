import CCurl

/// Typed setters for one easy handle, which remember the first refusal.
///
/// See [curl_easy_setopt](https://curl.se/libcurl/c/curl_easy_setopt.html).
final class EasyOptions {
    private let easy: UnsafeMutableRawPointer
    private(set) var problem: String?

    init(_ easy: UnsafeMutableRawPointer) {
        self.easy = easy
    }

    func setConstants(_ configuration: HTTPClient.Configuration) {
        setLong(CURLOPT_NOSIGNAL, 1)
        setLong(CURLOPT_FOLLOWLOCATION, 0)
        setString(CURLOPT_PROTOCOLS_STR, "http,https")
        // The bytes that were signed are the bytes that are sent.
        setLong(CURLOPT_PATH_AS_IS, 1)
        setLong(CURLOPT_TCP_KEEPALIVE, 1)
        setLong(CURLOPT_MAXAGE_CONN, Int(configuration.maximumIdleTime.components.seconds))
        // An empty string, unlike null, also ignores the environment's proxy variables.
        setString(CURLOPT_PROXY, configuration.proxy ?? "")
        setString(CURLOPT_USERAGENT, configuration.userAgent)
        if let file = configuration.certificateAuthorities { setString(CURLOPT_CAINFO, file) }
    }

    func setTimeouts(_ timeouts: HTTPTimeouts) {
        // 0 would mean libcurl's default of five minutes.
        setLong(CURLOPT_CONNECTTIMEOUT_MS, max(1, timeouts.connect.milliseconds))
        if let total = timeouts.total { setLong(CURLOPT_TIMEOUT_MS, max(1, total.milliseconds)) }
    }

    /// Sets the header lines and returns the list, which the caller frees after the transfer.
    func setHeaders(_ headers: [HTTPHeader]) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        let names = Set(headers.map { $0.name.lowercased() })
        // "Name:" removes what libcurl would add by itself: a pause before bodies, a type for forms.
        let removed = ["Expect", "Accept", "Content-Type"].filter { !names.contains($0.lowercased()) }
        // "Name;" is how libcurl is told to send a header without a value.
        let lines = headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        for line in removed.map({ "\($0):" }) + lines {
            guard let longer = curl_slist_append(list, line) else {
                problem = problem ?? "no memory"
                break
            }
            list = longer
        }
        setPointer(CURLOPT_HTTPHEADER, list)
        return list
    }

    func setLong(_ option: CURLoption, _ value: Int) {
        note(sluice_curl_set_long(easy, option, value))
    }

    func setSize(_ option: CURLoption, _ value: Int) {
        note(sluice_curl_set_size(easy, option, curl_off_t(value)))
    }

    /// libcurl copies the string.
    func setString(_ option: CURLoption, _ value: String) {
        note(sluice_curl_set_string(easy, option, value))
    }

    /// libcurl keeps the pointer.
    func setPointer(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
        note(sluice_curl_set_pointer(easy, option, value))
    }

    func setCallback(
        _ option: CURLoption,
        _ value:
            @escaping @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int
    ) {
        note(sluice_curl_set_callback(easy, option, value))
    }

    private func note(_ code: CURLcode) {
        guard code != CURLE_OK, problem == nil else { return }
        problem = curl_easy_strerror(code).map { String(cString: $0) } ?? "refused by libcurl"
    }
}
