/// Looking ahead without deciding anything: what `plan` asks of a copy of the state.
extension EndpointState {
    /// The state as it would be if a person had just asked, with `deploy`, for what is wanted.
    public var asked: EndpointState {
        var state = self
        state.triggeredBy = "a person"
        return state
    }

    /// The hold that stops a stage, if any does.
    public func hold(on stage: String) -> Hold? { holds.first { $0.covers(stage) } }
}
