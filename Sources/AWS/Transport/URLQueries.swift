extension String {
    /// The text without the queries of the URLs in it, because a presigned URL's query is a credential.
    public var withoutURLQueries: String {
        replacing(/(?i)(https?:\/\/[^\s?"'<>`]*)\?[^\s"'<>`]+/) { "\($0.output.1)?…" }
    }
}
