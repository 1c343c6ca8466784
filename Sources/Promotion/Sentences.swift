extension String {
    /// The text and a sentence behind it, with one full stop between them: what others say ends with one or not.
    public func then(_ sentence: String) -> String {
        let isEnded = last.map(".!?".contains) ?? true
        return isEnded ? "\(self) \(sentence)" : "\(self). \(sentence)"
    }
}
