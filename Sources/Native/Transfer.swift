import CCurl

/// One request on one easy handle: what is sent, and what has come so far.
final class Transfer {
    let submission: TransferLoop.Submission
    let easy: UnsafeMutableRawPointer

    private var headers: [HTTPHeader] = []
    private var headerBytes = 0
    private var received: [UInt8] = []
    private var isTooLarge = false
    private var sentCount = 0
    private var lastMoved = ContinuousClock.now
    private var lastUploaded: curl_off_t = 0
    private let begun = ContinuousClock.now

    /// The memory libcurl reads or writes during the transfer, so it may not move.
    private let body: UnsafeMutableBufferPointer<UInt8>
    private let message: UnsafeMutableBufferPointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?

    /// All header lines of a response together; AWS sends a few hundred bytes.
    private static let maximumHeaderBytes = 256 << 10

    init(_ submission: TransferLoop.Submission, easy: UnsafeMutableRawPointer) {
        self.submission = submission
        self.easy = easy
        body = .allocate(capacity: submission.request.body.count + 1)
        body.initialize(repeating: 0)
        _ = body.update(fromContentsOf: submission.request.body)
        message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        message.initialize(repeating: 0)
    }

    deinit {
        body.deallocate()
        message.deallocate()
        curl_slist_free_all(headerList)
    }

    static func pointer(from easy: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        var pointer: UnsafeMutableRawPointer?
        sluice_curl_get_pointer(easy, CURLINFO_PRIVATE, &pointer)
        return pointer
    }

    /// Sets every option of the handle; returns what is wrong with the request, if anything is.
    func prepare(_ configuration: HTTPClient.Configuration) -> String? {
        let request = submission.request
        // A line break in a header would begin another header.
        guard Self.isOneLine(request.method), Self.isOneLine(request.url),
            request.headers.allSatisfy({ Self.isOneLine($0.name) && Self.isOneLine($0.value) })
        else {
            return "a line break or NUL in the method, URL or headers"
        }
        let options = EasyOptions(easy)
        options.setConstants(configuration)
        options.setTimeouts(request.timeouts)
        options.setPointer(CURLOPT_ERRORBUFFER, message.baseAddress)
        let this = Unmanaged.passUnretained(self).toOpaque()
        options.setPointer(CURLOPT_PRIVATE, this)
        options.setPointer(CURLOPT_WRITEDATA, this)
        options.setPointer(CURLOPT_HEADERDATA, this)
        options.setCallback(CURLOPT_WRITEFUNCTION) { bytes, size, count, this in
            Transfer.from(this)?.take(bytes, size * count) ?? 0
        }
        options.setCallback(CURLOPT_HEADERFUNCTION) { bytes, size, count, this in
            Transfer.from(this)?.takeHeader(bytes, size * count) ?? 0
        }
        setBody(request, options, this)
        headerList = options.setHeaders(request.headers)
        options.setString(CURLOPT_URL, request.url)
        return HTTPAddress(request.url) == nil ? "not an absolute http or https URL" : options.problem
    }

    private static func isOneLine(_ text: String) -> Bool {
        !text.utf8.contains { $0 == 10 || $0 == 13 || $0 == 0 }
    }

    private func setBody(_ request: HTTPRequest, _ options: EasyOptions, _ this: UnsafeMutableRawPointer) {
        switch request.method {
        case "HEAD": options.setLong(CURLOPT_NOBODY, 1)
        case "GET" where request.body.isEmpty: options.setLong(CURLOPT_HTTPGET, 1)
        case "DELETE" where request.body.isEmpty:
            options.setString(CURLOPT_CUSTOMREQUEST, request.method)
        default:
            options.setLong(CURLOPT_POST, 1)
            options.setString(CURLOPT_CUSTOMREQUEST, request.method)
            options.setSize(CURLOPT_POSTFIELDSIZE_LARGE, request.body.count)
            if request.isRepeatable || request.body.isEmpty {
                // Only on a connection that was kept does libcurl repeat a request, and nothing to send is
                // never in its way.
                if !request.isRepeatable { options.setLong(CURLOPT_FRESH_CONNECT, 1) }
                options.setPointer(CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(body.baseAddress))
            } else {
                // Without CURLOPT_SEEKFUNCTION libcurl cannot send the body a second time, and says so
                // (CURLE_SEND_FAIL_REWIND) instead of repeating the request on a new connection.
                options.setPointer(CURLOPT_READDATA, this)
                options.setCallback(CURLOPT_READFUNCTION) { buffer, size, count, this in
                    Transfer.from(this)?.give(buffer, size * count) ?? Int(CURL_READFUNC_ABORT)
                }
            }
        }
    }

    private static func from(_ pointer: UnsafeMutableRawPointer?) -> Transfer? {
        pointer.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    // The next three are libcurl's callbacks: returning another count than was offered aborts the transfer.

    private func give(_ buffer: UnsafeMutablePointer<CChar>?, _ room: Int) -> Int {
        lastMoved = .now
        let count = min(room, submission.request.body.count - sentCount)
        guard let buffer, let start = body.baseAddress, count > 0 else { return 0 }
        UnsafeMutableRawPointer(buffer).copyMemory(from: start + sentCount, byteCount: count)
        sentCount += count
        return count
    }

    private func take(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        lastMoved = .now
        guard received.count + count <= submission.request.maximumResponseBytes else {
            isTooLarge = true
            return 0
        }
        received.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
    }

    private func takeHeader(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        lastMoved = .now
        headerBytes += count
        guard headerBytes <= Self.maximumHeaderBytes else {
            isTooLarge = true
            return 0
        }
        let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        // A status line begins a new response: what came before belonged to a 1xx one.
        if line.hasPrefix("HTTP/") { headers = [] }
        guard let colon = line.firstIndex(of: ":") else { return count }
        let value = line[line.index(after: colon)...]
        headers.append(HTTPHeader(String(line[..<colon]), value.trimmingASCIIWhitespace()))
        return count
    }

    var hasIdleTimeout: Bool { submission.request.timeouts.idle != nil }

    /// When silence will have lasted too long; nil if it has.
    func idleDeadline(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let idle = submission.request.timeouts.idle else { return nil }
        var uploaded: curl_off_t = 0
        sluice_curl_get_size(easy, CURLINFO_SIZE_UPLOAD_T, &uploaded)
        if uploaded != lastUploaded {
            lastUploaded = uploaded
            lastMoved = now
        }
        let deadline = lastMoved.advanced(by: idle)
        return deadline > now ? deadline : nil
    }

    func result(_ code: CURLcode) -> Result<HTTPResponse, HTTPError> {
        guard code == CURLE_OK else { return .failure(error(self.code(of: code), curl: code)) }
        var status = 0
        var newConnections = 0
        sluice_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        sluice_curl_get_long(easy, CURLINFO_NUM_CONNECTS, &newConnections)
        return .success(
            HTTPResponse(
                status: status,
                headers: headers,
                body: received,
                connectionReused: newConnections == 0,
                duration: begun.duration(to: .now)
            )
        )
    }

    func error(_ code: HTTPError.Code, curl: CURLcode? = nil) -> HTTPError {
        var detail = ""
        if code == .tls, let start = message.baseAddress {
            detail = String(cString: start)
        } else if code == .other, let curl, let text = curl_easy_strerror(curl) {
            detail = String(cString: text)
        }
        return HTTPError(
            code,
            url: submission.request.url,
            mayHaveReachedServer: mayHaveReachedServer,
            detail: detail
        )
    }

    /// libcurl notes the time just before it sends the first byte.
    private var mayHaveReachedServer: Bool {
        var sendingAt: curl_off_t = 0
        var sent = 0
        sluice_curl_get_size(easy, CURLINFO_PRETRANSFER_TIME_T, &sendingAt)
        sluice_curl_get_long(easy, CURLINFO_REQUEST_SIZE, &sent)
        return sendingAt > 0 || sent > 0
    }

    private func code(of curl: CURLcode) -> HTTPError.Code {
        switch curl {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .couldNotResolve
        case CURLE_COULDNT_CONNECT: .couldNotConnect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_INITFAILED:
            .tls
        case CURLE_OPERATION_TIMEDOUT: .timedOut(timedOutPhase)
        case CURLE_PARTIAL_FILE: .truncated
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND, CURLE_HTTP2,
            CURLE_HTTP2_STREAM:
            received.isEmpty ? .reset : .truncated
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .invalidRequest
        default: isTooLarge ? .tooLarge : .other
        }
    }

    private var timedOutPhase: HTTPError.Phase {
        if let total = submission.request.timeouts.total, begun.duration(to: .now) >= total { return .total }
        return mayHaveReachedServer ? .total : .connect
    }
}

extension Substring {
    fileprivate func trimmingASCIIWhitespace() -> String {
        let isSpace: (Character) -> Bool = {
            $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" || $0 == "\r\n"
        }
        let start = drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(start[...last])
    }
}
