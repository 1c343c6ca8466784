/// One entry of an endpoint's `smoke`: a request to a freshly rolled out model, and what must come back.
public struct SmokeTest: Hashable, Sendable {
    /// The target model it is for; without one, every target that has no entry of its own.
    public var target: String?
    /// The request's content type.
    public var contentType: String
    /// The request's body.
    public var body: String
    /// How long the reply may take once the model has loaded. Default: as long as SageMaker allows.
    public var within: Duration?
    /// What the reply must hold, besides a status of 2xx. Default: nothing more.
    public var expect: [Expectation]

    public init(
        target: String? = nil,
        contentType: String,
        body: String,
        within: Duration? = nil,
        expect: [Expectation] = []
    ) {
        self.target = target
        self.contentType = contentType
        self.body = body
        self.within = within
        self.expect = expect
    }
}

extension SmokeTest {
    /// What one place of a smoke test's JSON reply must hold.
    public struct Expectation: Hashable, Sendable {
        /// The place: a JSON Pointer (RFC 6901); empty for the whole reply.
        public var pointer: String
        /// What must be there.
        public var check: Check

        public init(pointer: String, check: Check) {
            self.pointer = pointer
            self.check = check
        }

        /// A demand on the value at the pointer.
        public enum Check: Hashable, Sendable {
            /// The value is this one.
            case equals(Value)
            /// The value is a number from the low end to the high end, both included.
            case between(low: Double, high: Double)
        }

        /// A JSON value that `equals` may ask for.
        public enum Value: Hashable, Sendable {
            case text(String)
            case number(Double)
            case flag(Bool)
        }
    }
}
