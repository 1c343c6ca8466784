import Native

extension HTTPClient {
    /// A client of its own that uses connections again however long a busy machine lets them rest.
    static var patient: HTTPClient { HTTPClient(.init(maximumIdleTime: .seconds(3600))) }
}
