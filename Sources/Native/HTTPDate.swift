import CCurl

/// Times in HTTP headers.
public enum HTTPDate {
    /// The seconds from 1970 to a time such as `Wed, 21 Oct 2015 07:28:00 GMT`; nil where `text` is none.
    ///
    /// See [curl_getdate](https://curl.se/libcurl/c/curl_getdate.html).
    public static func secondsSince1970(_ text: String) -> Int? {
        let seconds = curl_getdate(text, nil)
        return seconds == -1 ? nil : seconds
    }
}
